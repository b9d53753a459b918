import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gitCommand } from '../../../core/git/command.ts';
import { detectAll, installationFiles } from '../../../core/installation/detect.ts';
import type { PhaseJob } from '../../../core/ports/runtime/phase-runner.ts';
import type { PackageManager } from '../../../core/task-spec/package-managers.ts';
import type { ToolchainName } from '../../../core/task-spec/toolchains.ts';

/** Bytes of the files that decide on an installation; with more, none are read. They are read in the server's thread. */
const maxInputBytes = 32 * 1024 * 1024;

/** Toolchains of bases that were read; a commit does not change. */
const known = new Map<string, ToolchainName[]>();
const maxKnown = 1_000;

/** The toolchains that the lock files and manifests of a phase's base need; the phases of a run share their base. */
export async function neededToolchains(job: PhaseJob): Promise<ToolchainName[]> {
  const { roots, packageManager } = job.spec.sandbox;
  const key = JSON.stringify([resolve(job.baseRepository), job.spec.base, roots, packageManager]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const needed = await readToolchains(job);
  // An answer of none may be a failure of git, which may not be kept.
  if (needed.length === 0) return needed;
  if (known.size >= maxKnown) known.clear();
  known.set(key, needed);
  return needed;
}

async function readToolchains({ spec, baseRepository }: PhaseJob): Promise<ToolchainName[]> {
  const { roots = ['.'], packageManager } = spec.sandbox;
  const names = roots.flatMap((root) => installationFiles.map((name) => (root === '.' ? name : `${root}/${name}`)));
  const blobs = await blobsAt(resolve(baseRepository), spec.base, names);
  const files = { read: (path: string) => blobs.get(path), has: (path: string) => blobs.has(path) };
  const { installations } = detectAll(files, roots, packageManager as PackageManager | undefined);
  return [...new Set(installations.map(({ toolchain }) => toolchain))];
}

/** Contents of those of the files that a commit has, from one process of git; none where git fails. */
export async function blobsAt(
  repository: string,
  commit: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  const { args, env } = gitCommand(['--git-dir', repository, 'cat-file', '--batch'], process.env);
  const run = promisify(execFile)('git', args, { env, maxBuffer: maxInputBytes, encoding: 'buffer' });
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
