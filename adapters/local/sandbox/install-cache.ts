import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PhaseJob } from '../../../core/ports/runtime/phase-runner.ts';
import { blobsByPath, changeManifest } from '../../../core/run/change-set.ts';
import { artifactNames } from '../../../sandbox/layout.ts';
import type { Runtime } from './runtime.ts';

/** Installs kept; the one unused for longest goes first. */
const KEPT = 20;
const LOCKS = ['package-lock.json', 'npm-shrinkwrap.json'];
/** Everything in a repository that decides what `npm ci` does. */
const FILES = ['package.json', ...LOCKS, '.npmrc'];
/** With one of these an install does more than fill node_modules, and its tar would not hold all of it. */
const LIFECYCLE = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];

interface CachedInstall {
  /** File of the tar; it need not exist. */
  file: string;
  present: boolean;
  /**
   * Whether what this phase installs may be kept: only where it starts from an untouched base. A change set could hold
   * files that this key does not know and that an install runs.
   */
  keep: boolean;
}

/**
 * Looks an install up by what decides it: lock file, manifest, npm's configuration, runtime and the spec's dependencies.
 * The key is computed here, outside the sandbox, from the repository. Undefined where an install cannot be cached.
 */
export async function findInstall(
  dataDir: string,
  job: PhaseJob,
  runtime: Runtime,
): Promise<CachedInstall | undefined> {
  const { sandbox, baseline } = job.spec;
  if (sandbox.packageManager !== undefined && sandbox.packageManager !== 'npm') return undefined;
  const files = await installFiles(job, !baseline);
  if (!LOCKS.some((name) => files.has(name)) || !onlyFillsNodeModules(files)) return undefined;
  const hash = createHash('sha256');
  const parts = [
    runtime.notes.node,
    runtime.notes.npm,
    process.arch,
    JSON.stringify(sandbox.env),
    JSON.stringify(sandbox.dependencies),
  ];
  for (const part of parts) hash.update(`${part}\0`);
  for (const name of FILES) hash.update(`${name}\0${files.get(name) ?? ''}\0`);
  const file = path.join(dataDir, 'installs', `${hash.digest('hex')}.tar`);
  const present = await stat(file).then(
    () => true,
    () => false,
  );
  if (present) await utimes(file, new Date(), new Date());
  return { file, present, keep: !present && !job.inputs.has(artifactNames.manifest) };
}

/** Moves the tar a phase left into the cache, whole or not at all. */
export async function keepInstall(install: CachedInstall, tar: string): Promise<void> {
  const folder = path.dirname(install.file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = path.join(folder, `.${randomUUID()}`);
  await copyFile(tar, partial);
  await rename(partial, install.file);
  const entries = await Promise.all(
    (await readdir(folder))
      .filter((name) => name.endsWith('.tar'))
      .map(async (name) => ({ name, used: (await stat(path.join(folder, name))).mtimeMs })),
  );
  entries.sort((a, b) => b.used - a.used);
  await Promise.all(entries.slice(KEPT).map(({ name }) => rm(path.join(folder, name), { force: true })));
}

async function installFiles(job: PhaseJob, changed: boolean): Promise<Map<string, string>> {
  const files = await blobsAt(path.resolve(job.baseRepository), job.spec.base, FILES);
  const manifestBytes = job.inputs.get(artifactNames.manifest);
  if (!changed || manifestBytes === undefined) return files;
  const manifest = changeManifest.parse(JSON.parse(Buffer.from(manifestBytes).toString('utf8')));
  const blobs = blobsByPath({ manifest, blobs: job.inputs.get(artifactNames.blobs) ?? new Uint8Array() });
  for (const entry of manifest.entries) {
    if (!FILES.includes(entry.path)) continue;
    if (entry.op === 'delete') files.delete(entry.path);
    else files.set(entry.path, Buffer.from(blobs.get(entry.path) ?? []).toString('utf8'));
  }
  return files;
}

/** Contents of those of the files that a commit has, from one process of git; none where git fails. */
async function blobsAt(repository: string, commit: string, names: readonly string[]): Promise<Map<string, string>> {
  const args = ['-c', 'safe.directory=*', '--git-dir', repository, 'cat-file', '--batch'];
  const run = promisify(execFile)('git', args, { maxBuffer: 256 * 1024 * 1024, encoding: 'buffer' });
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
    const lock = LOCKS.map((name) => files.get(name)).find((text) => text !== undefined) ?? '';
    return (
      manifest.workspaces === undefined &&
      !LIFECYCLE.some((name) => manifest.scripts?.[name] !== undefined) &&
      !/"link":\s*true/.test(lock) &&
      // An archive of the tree is as good as its checksum; without one this key would not know its bytes.
      !/"resolved":\s*"file:[^"]*"(?!\s*,\s*"integrity")/.test(lock)
    );
  } catch {
    return false; // npm will say what is wrong with it
  }
}
