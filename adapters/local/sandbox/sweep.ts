import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { lstat, open, readdir, readFile, rename, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeFolder } from './phase-folder.ts';

/**
 * An empty group and a folder without an owner were abandoned if they are this old; a younger one may belong to a phase
 * that is starting.
 */
const abandonedMs = 60_000;

/** Identifies a process even if its id is reused: the id and the start time in clock ticks since boot (field 22). */
export async function identity(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return identityByPs(pid);
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : `${pid} ${text.slice(text.lastIndexOf(')') + 2).split(' ')[19]}`;
}

/** Where there is no /proc: the id and the start time in seconds. */
async function identityByPs(pid: number): Promise<string | undefined> {
  const said = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined);
  return said === undefined ? undefined : `${pid} ${Date.parse(said.stdout.trim()) / 1_000}`;
}

/** Records this process as the server process of a phase folder. */
export async function markServer(host: string): Promise<void> {
  const file = join(host, 'owner');
  await writeFile(`${file}.new`, (await identity(process.pid)) ?? '');
  // A sweep of another process that read a partial file would remove this folder.
  await rename(`${file}.new`, file);
}

/** Removes the phase folders below `parent` whose server processes were killed. */
export async function sweepFolders(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    if (!/^drydock-[0-9a-f]{18}$/.test(name)) continue;
    const folder = join(parent, name);
    const made = await madeByUs(folder);
    if (made === undefined) continue;
    const server = await readOwner(join(folder, 'host/owner')).catch(() => undefined);
    // A young folder without the file is being created; of an older one, the removal did not come to its end.
    const left =
      server === undefined ? Date.now() - made > abandonedMs : server !== (await identity(Number.parseInt(server, 10)));
    if (left) await removeFolder(folder).catch(() => undefined);
  }
}

/** Removes the phase folders and empty control groups of server processes that were killed. */
export async function sweep(): Promise<void> {
  for (const parent of new Set([tmpdir(), '/tmp'])) await sweepFolders(parent);
  for (const parent of ['', 'memory', 'pids', 'cpu'].map((name) => join('/sys/fs/cgroup', name))) {
    for (const name of await readdir(parent).catch(() => [])) {
      if (!/^drydock-[0-9a-f]{12}$/.test(name)) continue;
      const folder = join(parent, name);
      const made = await stat(folder).catch(() => undefined);
      // A group with processes cannot be removed.
      if (made !== undefined && Date.now() - made.mtimeMs > abandonedMs) await rmdir(folder).catch(() => undefined);
    }
  }
}

/**
 * When an entry of the folder was last made or removed, if this user made the folder: everybody may create one of such a
 * name in a shared temporary folder.
 */
async function madeByUs(folder: string): Promise<number | undefined> {
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() ? found.mtimeMs : undefined;
}

/** Neither follows a link nor waits for the other end of a pipe. */
async function readOwner(file: string): Promise<string | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    return found.isFile() && found.size < 100 ? await handle.readFile('utf8') : undefined;
  } finally {
    await handle.close();
  }
}
