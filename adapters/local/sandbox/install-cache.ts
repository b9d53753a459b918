import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { installScripts } from '../../../core/guard/install-scripts.ts';
import type { PhaseJob } from '../../../core/ports/runtime/phase-runner.ts';
import { blobsByPath, changeManifest } from '../../../core/run/change-set.ts';
import { lockFiles as allLockFiles, lockedChecksums } from '../../../gateway/registry/locked-archives.ts';
import { artifactNames } from '../../../sandbox/layout.ts';
import { blobsAt } from './base-files.ts';
import type { Runtime } from './host/runtime.ts';

/** Maximum number of cached installs; the least recently used one is deleted first. */
const maxInstalls = 20;
/** Limit for all kept package archives together. */
const maxArchiveBytes = 2 * 1024 * 1024 * 1024;
const lockFiles = ['npm-shrinkwrap.json', 'package-lock.json'];
/** All files in a repository that affect `npm ci`; with the last one, npm builds the project itself. */
const installInputs = ['package.json', ...lockFiles, '.npmrc', 'binding.gyp'];
/** Variables by which a shell, Node, npm or the C library load code, or are told to run it: their files are no input. */
const loading =
  /^(?:NODE|BASH|SHELL|ENV$|PS4$|LD_|DYLD_|GLIBC_|GCONV_|LOC|NLS|MALLOC|OPENSSL|SSL|NPM|GIT|TAR|COREPACK)/i;

interface CachedInstall {
  /** Path of the tar file; it need not exist. */
  file: string;
  present: boolean;
  /** Whether to keep the install of this phase. */
  keep: boolean;
}

interface InstallPlan {
  /** Checksums of the registries' archives in the lock files. */
  checksums: ReadonlyMap<string, readonly string[]>;
  /**
   * Present if the install runs no code: it only unpacks archives that the lock file names with their checksums, so that
   * its result depends on the key alone, whichever repository and whichever change it is made for.
   */
  cached?: CachedInstall;
}

const lockFile = z.object({
  lockfileVersion: z.number().min(2),
  packages: z.record(
    z.string(),
    z.object({
      link: z.unknown().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      inBundle: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
});

/**
 * Plans the install of a phase, from the repository and outside the sandbox. The key of a cached install covers the lock
 * file, the manifest, npm's configuration, the environment and the runtime. The spec's own dependencies are not
 * part of it: they are resolved when they are installed.
 */
export async function planInstall(dataDir: string, job: PhaseJob, runtime: Runtime): Promise<InstallPlan> {
  const { sandbox, baseline, phase } = job.spec;
  const names = [...new Set([...installInputs, ...allLockFiles(sandbox.roots ?? ['.'])])];
  const all = await blobsAt(resolve(job.baseRepository), job.spec.base, names);
  const checksums = lockedChecksums(all);
  const base = new Map([...all].filter(([name]) => installInputs.includes(name)));
  const files = baseline && phase !== 'verify' ? base : withChange(base, job);
  const lock = lockOf(files);
  const isNpm = sandbox.packageManager === undefined || sandbox.packageManager === 'npm';
  const loads = Object.keys(sandbox.env).some((name) => loading.test(name));
  if (lock === undefined || !isNpm || loads || !onlyUnpacks(files, lock)) return { checksums };
  const hash = createHash('sha256');
  const parts = [runtime.notes.node, runtime.notes.npm, process.arch, JSON.stringify(sandbox.env)];
  for (const part of ['without scripts', ...parts]) hash.update(`${part}\0`);
  for (const name of installInputs) hash.update(`${name}\0${files.get(name) ?? ''}\0`);
  const file = join(installsFolder(dataDir), `${hash.digest('hex')}.tar`);
  const present = await stat(file).then(
    () => true,
    () => false,
  );
  if (present) await utimes(file, new Date(), new Date());
  return { checksums, cached: { file, present, keep: !present && !job.inputs.has(artifactNames.manifest) } };
}

export const installsFolder = (dataDir: string): string => join(dataDir, 'installs');
export const archivesFolder = (dataDir: string): string => join(dataDir, 'archives');

/** Deletes the package archives that were not used for the longest time, above a total size. */
export async function pruneArchives(dataDir: string): Promise<void> {
  let bytes = 0;
  for (const { file, size } of await leastRecentLast(archivesFolder(dataDir), '.tgz')) {
    bytes += size;
    if (bytes > maxArchiveBytes) await rm(file, { force: true });
  }
}

/** The files of a folder with this ending; of another process, one may go meanwhile. */
async function leastRecentLast(
  folder: string,
  ending: string,
): Promise<{ file: string; used: number; size: number }[]> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith(ending))
      .map(async (name) => {
        const file = join(folder, name);
        const found = await stat(file).catch(() => undefined);
        return found === undefined ? [] : [{ file, used: found.mtimeMs, size: found.size }];
      }),
  );
  return files.flat().sort((a, b) => b.used - a.used);
}

/** Moves the tar file of a phase into the cache, atomically. */
export async function keepInstall(install: CachedInstall, tar: string): Promise<void> {
  const folder = dirname(install.file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, `.${randomUUID()}`);
  await copyFile(tar, partial);
  await rename(partial, install.file);
  const files = await leastRecentLast(folder, '.tar');
  await Promise.all(files.slice(maxInstalls).map(({ file }) => rm(file, { force: true })));
}

const lockOf = (files: ReadonlyMap<string, string>): string | undefined =>
  lockFiles.map((name) => files.get(name)).find((text) => text !== undefined);

/** The files after the change set of the job. */
function withChange(base: ReadonlyMap<string, string>, job: PhaseJob): Map<string, string> {
  const files = new Map(base);
  const manifestBytes = job.inputs.get(artifactNames.manifest);
  if (manifestBytes === undefined) return files;
  const manifest = changeManifest.parse(JSON.parse(Buffer.from(manifestBytes).toString('utf8')));
  const blobs = blobsByPath({ manifest, blobs: job.inputs.get(artifactNames.blobs) ?? new Uint8Array() });
  for (const entry of manifest.entries) {
    if (!installInputs.includes(entry.path)) continue;
    if (entry.op === 'delete') files.delete(entry.path);
    else files.set(entry.path, Buffer.from(blobs.get(entry.path) ?? []).toString('utf8'));
  }
  return files;
}

/** Whether `npm ci --ignore-scripts` gives the same as `npm ci`, and reads nothing but the inputs of the key. */
function onlyUnpacks(files: Map<string, string>, lockText: string): boolean {
  const manifest = parsed(
    z.object({ workspaces: z.unknown().optional(), scripts: z.record(z.string(), z.unknown()).default({}) }),
    files.get('package.json'),
  );
  const lock = parsed(lockFile, lockText);
  if (manifest === undefined || lock === undefined) return false; // npm reports the error
  return (
    manifest.workspaces === undefined &&
    !files.has('binding.gyp') &&
    !installScripts.some((name) => manifest.scripts[name] !== undefined) &&
    Object.entries(lock.packages).every(
      ([location, { link, resolved = '', integrity, inBundle, hasInstallScript }]) =>
        location === '' ||
        (link === undefined &&
          hasInstallScript !== true &&
          // A package in the archive of another one has no archive of its own.
          (inBundle === true || (integrity !== undefined && /^(?:https?:|file:|$)/.test(resolved)))),
    )
  );
}

function parsed<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
