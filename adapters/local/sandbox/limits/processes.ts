import { readdir, readFile } from 'node:fs/promises';
import type { PhaseLimits } from '../../../../core/run/phase.ts';

const PAGE_BYTES = 4096;
const INTERVAL_MS = 250;

/** Process ids below `pid`, from one pass over /proc. Processes inside namespaces are seen from here too. */
export async function descendants(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  const names = await readdir('/proc').catch(() => []);
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(await readFile(`/proc/${name}/stat`, 'utf8').catch(() => ''));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    open.push(...below);
  }
  return found;
}

/** The fourth field of /proc/PID/stat; the second, the command in brackets, may itself hold spaces and brackets. */
export function parentOf(stat: string): number | undefined {
  const end = stat.lastIndexOf(')');
  const parent = Number(stat.slice(end + 2).split(' ')[1]);
  return end < 0 || !Number.isInteger(parent) ? undefined : parent;
}

async function residentBytes(pid: number): Promise<number> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '');
  return Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES;
}

/** Adds up resident memory and processes of a tree, four times a second, and reports the first limit that is passed. */
export function watchProcesses(pid: number, limits: PhaseLimits, onHit: (message: string) => void): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const tree = await descendants(pid);
    let bytes = 0;
    for (const one of tree) bytes += await residentBytes(one);
    if (stopped) return;
    if (tree.length > limits.pids) onHit(`pids: ${tree.length} processes, ${limits.pids} are allowed`);
    else if (bytes > limits.memoryMb * 1024 * 1024)
      onHit(`memory_mb: ${Math.round(bytes / 1024 / 1024)} MB in use, ${limits.memoryMb} are allowed`);
    else timer = setTimeout(() => void look(), INTERVAL_MS);
  };
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
