import { readdirSync, readFileSync } from 'node:fs';
import type { PhaseLimits } from '../../../../core/run/phase.ts';

const PAGE_BYTES = 4096;
const INTERVAL_MS = 250;

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the process ended meanwhile
  }
};

/**
 * Process ids below `pid`, from one pass over /proc. Processes inside namespaces are seen from here too. Read in one go:
 * the kernel answers from memory, and handing each file to a thread takes ten times as long as reading it.
 */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(read(`/proc/${name}/stat`));
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

/**
 * The fourth field of /proc/PID/stat; the second, the command in brackets, may itself hold spaces and brackets.
 * @internal for its tests
 */
export function parentOf(stat: string): number | undefined {
  const end = stat.lastIndexOf(')');
  const parent = Number(stat.slice(end + 2).split(' ')[1]);
  return end < 0 || !Number.isInteger(parent) ? undefined : parent;
}

function residentBytes(pid: number): number {
  const statm = read(`/proc/${pid}/statm`);
  return Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES;
}

/** Adds up resident memory and processes of a tree, four times a second, and reports the first limit that is passed. */
export function watchProcesses(pid: number, limits: PhaseLimits, onHit: (message: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const tree = descendants(pid);
    let bytes = 0;
    for (const one of tree) bytes += residentBytes(one);
    if (tree.length > limits.pids) onHit(`pids: ${tree.length} processes, ${limits.pids} are allowed`);
    else if (bytes > limits.memoryMb * 1024 * 1024)
      onHit(`memory_mb: ${Math.round(bytes / 1024 / 1024)} MB in use, ${limits.memoryMb} are allowed`);
    else timer = setTimeout(look, INTERVAL_MS);
  };
  look();
  return () => clearTimeout(timer);
}
