import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gitCommand } from '../../../core/git/command.ts';
import type { PhaseJob } from '../../../core/ports/runtime/phase-runner.ts';
import { blobsByPath, changeManifest } from '../../../core/run/change-set.ts';
import { artifactNames } from '../../../sandbox/layout.ts';
import type { Runtime } from './runtime.ts';

/** Maximum number of cached installs; the least recently used one is deleted first. */
const maxInstalls = 20;
const lockFiles = ['package-lock.json', 'npm-shrinkwrap.json'];
/** All files in a repository that affect `npm ci`. */
const installInputs = ['package.json', ...lockFiles, '.npmrc'];
/**
 * With one of these scripts, an install does more than fill node_modules, and a tar file would not contain the result.
 */
const lifecycleScripts = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];

interface CachedInstall {
  /** Path of the tar file; it need not exist. */
  file: string;
  present: boolean;
  /**
   * Whether the install of this phase may be cached: only if it starts from an unchanged base. A change set could add
   * files that an install runs and that the key does not cover.
   */
  keep: boolean;
}

/**
 * Finds a cached install. The key covers the lock file, the manifest, npm's configuration, the runtime and the spec's
 * dependencies, and is computed from the repository, outside the sandbox. `undefined` if the install cannot be cached.
 */
export async function findInstall(
  dataDir: string,
  job: PhaseJob,
  runtime: Runtime,
): Promise<CachedInstall | undefined> {
  const { sandbox, baseline } = job.spec;
  if (sandbox.packageManager !== undefined && sandbox.packageManager !== 'npm') return undefined;
  const files = await installFiles(job, !baseline);
  if (!lockFiles.some((name) => files.has(name)) || !onlyFillsNodeModules(files)) return undefined;
  const hash = createHash('sha256');
  const parts = [
    runtime.notes.node,
    runtime.notes.npm,
    process.arch,
    JSON.stringify(sandbox.env),
    JSON.stringify(sandbox.dependencies),
  ];
  for (const part of parts) hash.update(`${part}\0`);
  for (const name of installInputs) hash.update(`${name}\0${files.get(name) ?? ''}\0`);
  const file = join(dataDir, 'installs', `${hash.digest('hex')}.tar`);
  const present = await stat(file).then(
    () => true,
    () => false,
  );
  if (present) await utimes(file, new Date(), new Date());
  return { file, present, keep: !present && !job.inputs.has(artifactNames.manifest) };
}

/** Moves the tar file of a phase into the cache, atomically. */
export async function keepInstall(install: CachedInstall, tar: string): Promise<void> {
  const folder = dirname(install.file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, `.${randomUUID()}`);
  await copyFile(tar, partial);
  await rename(partial, install.file);
  const entries = await Promise.all(
    (await readdir(folder))
      .filter((name) => name.endsWith('.tar'))
      .map(async (name) => ({ name, used: (await stat(join(folder, name))).mtimeMs })),
  );
  entries.sort((a, b) => b.used - a.used);
  await Promise.all(entries.slice(maxInstalls).map(({ name }) => rm(join(folder, name), { force: true })));
}

async function installFiles(job: PhaseJob, changed: boolean): Promise<Map<string, string>> {
  const files = await blobsAt(resolve(job.baseRepository), job.spec.base, installInputs);
  const manifestBytes = job.inputs.get(artifactNames.manifest);
  if (!changed || manifestBytes === undefined) return files;
  const manifest = changeManifest.parse(JSON.parse(Buffer.from(manifestBytes).toString('utf8')));
  const blobs = blobsByPath({ manifest, blobs: job.inputs.get(artifactNames.blobs) ?? new Uint8Array() });
  for (const entry of manifest.entries) {
    if (!installInputs.includes(entry.path)) continue;
    if (entry.op === 'delete') files.delete(entry.path);
    else files.set(entry.path, Buffer.from(blobs.get(entry.path) ?? []).toString('utf8'));
  }
  return files;
}

/** Contents of those of the files that a commit has, from one process of git; none where git fails. */
async function blobsAt(repository: string, commit: string, names: readonly string[]): Promise<Map<string, string>> {
  const { args, env } = gitCommand(['--git-dir', repository, 'cat-file', '--batch'], process.env);
  const run = promisify(execFile)('git', args, { env, maxBuffer: 256 * 1024 * 1024, encoding: 'buffer' });
  run.child.stdin?.on('error', () => undefined); // its exit tells
  run.child.stdin?.end(names.map((name) => `${commit}:${name}\n`).join(''));
  const out = await run.then(
    ({ stdout }) => stdout,
    () => Buffer.alloc(0),
  );
  const files = new Map<string, string>();
  let at = 0;
  for (const name of names) {
    // `<id> <kind> <bytes>`, the bytes and a line end, or `<what was asked for> missing`.
    const end = out.indexOf('\n', at);
    if (end < 0) break;
    const [, kind, bytes] = / (\w+) (\d+)$/.exec(out.toString('utf8', at, end)) ?? [];
    at = end + 1;
    if (bytes === undefined) continue;
    if (kind === 'blob') files.set(name, out.toString('utf8', at, at + Number(bytes)));
    at += Number(bytes) + 1;
  }
  return files;
}

function onlyFillsNodeModules(files: Map<string, string>): boolean {
  try {
    const manifest = JSON.parse(files.get('package.json') ?? '') as {
      workspaces?: unknown;
      scripts?: Record<string, unknown>;
    };
    const lock = lockFiles.map((name) => files.get(name)).find((text) => text !== undefined) ?? '';
    return (
      manifest.workspaces === undefined &&
      !lifecycleScripts.some((name) => manifest.scripts?.[name] !== undefined) &&
      !/"link":\s*true/.test(lock) &&
      // A local archive is safe to cache if the lock file has its checksum; without one, the key would not cover its
      // bytes.
      !/"resolved":\s*"file:[^"]*"(?!\s*,\s*"integrity")/.test(lock)
    );
  } catch {
    return false; // npm reports the error
  }
}
