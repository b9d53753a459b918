import { readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFolder } from './phase-folder.ts';

/** A group this old and empty is nobody's that is just starting. */
const ABANDONED_MS = 60_000;

/** Identifies a process beyond the reuse of its id: the id and its start time in clock ticks since boot (field 22). */
async function identity(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : `${pid} ${text.slice(text.lastIndexOf(')') + 2).split(' ')[19]}`;
}

/** Writes down whose phase folder this is. */
export const markServer = async (host: string): Promise<void> =>
  writeFile(path.join(host, 'owner'), (await identity(process.pid)) ?? '');

/** Removes what an owner that was killed could not: its phase folders, and its empty control groups. */
export async function sweep(): Promise<void> {
  for (const parent of new Set([tmpdir(), '/tmp'])) {
    for (const name of await readdir(parent).catch(() => [])) {
      if (!/^drydock-[0-9a-f]{18}$/.test(name)) continue;
      const folder = path.join(parent, name);
      const owner = await readFile(path.join(folder, 'host/owner'), 'utf8').catch(() => undefined);
      // Without the mark it is another user's, or one that is being made.
      if (owner !== undefined && owner !== (await identity(Number.parseInt(owner, 10))))
        await removeFolder(folder).catch(() => undefined);
    }
  }
  for (const parent of ['', 'memory', 'pids', 'cpu'].map((name) => path.join('/sys/fs/cgroup', name))) {
    for (const name of await readdir(parent).catch(() => [])) {
      if (!/^drydock-[0-9a-f]{12}$/.test(name)) continue;
      const folder = path.join(parent, name);
      const made = await stat(folder).catch(() => undefined);
      // One with processes in it cannot be removed.
      if (made !== undefined && Date.now() - made.mtimeMs > ABANDONED_MS) await rmdir(folder).catch(() => undefined);
    }
  }
}
