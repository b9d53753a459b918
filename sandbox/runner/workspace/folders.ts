import { execFile } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DrydockError } from '../../../core/errors.ts';
import type { BootConfig } from '../../boot.ts';
import { homeFiles } from '../commands/managers.ts';

const run = promisify(execFile);

/**
 * Removes files and folders that untrusted code may have made, at any depth; links are removed and not followed.
 * @throws ResultInvalid if something cannot be removed.
 */
export async function remove(paths: readonly string[]): Promise<void> {
  const left = paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  for (let at = 0; at < left.length; at += 500) {
    const some = left.slice(at, at + 500);
    await insisting(['rm', '-rf', '--', ...some], some);
  }
}

const sharedMemory = '/dev/shm';

/** The folders that are new for each command, where the runner sees them. */
export interface Folders {
  home: string;
  tmp: string;
  out: string;
}

/**
 * Makes home, `/tmp` and `$DRYDOCK_OUT` of a command, and writes these files of the home, beside those of package managers.
 * The inner layer mounts new folders in their places. Without it, the folders are emptied.
 * @param command Number of the command in its phase.
 */
export async function freshFolders(
  { isolation, paths }: BootConfig,
  command: number,
  relay: string,
  files: Readonly<Record<string, string>>,
): Promise<Folders> {
  let { home, tmp, out } = paths;
  if (isolation === 'bubblewrap') {
    [home, tmp, out] = [home, tmp, out].map((folder) => join(folder, String(command))) as [string, string, string];
    for (const folder of [home, tmp, out]) mkdirSync(folder, { mode: 0o700 });
  } else
    await empty([home, tmp, out, ...(isolation === 'container' && existsSync(sharedMemory) ? [sharedMemory] : [])]);
  for (const [name, content] of Object.entries({ ...homeFiles(relay, paths.deps), ...files })) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), content, { flag: 'wx' });
  }
  return { home, tmp, out };
}

/** Removes the content of folders, and keeps the folders, which may be mounts. */
async function empty(folders: readonly string[]): Promise<void> {
  const full = folders.filter((folder) => readdirSync(folder).length > 0);
  if (full.length > 0) await insisting(['find', ...full, '-mindepth', '1', '-delete'], full);
}

/** Go's module cache, among others, makes its folders read-only; they are made writable then. */
async function insisting([program = '', ...args]: string[], paths: string[]): Promise<void> {
  try {
    await run(program, args);
  } catch {
    const folders = paths.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory());
    await run('chmod', ['-R', 'u+rwX', '--', ...folders]).catch(() => undefined);
    await run(program, args).catch((error: Error) => {
      throw new DrydockError('ResultInvalid', `what a command left cannot be removed: ${error.message.slice(-500)}`);
    });
  }
}
