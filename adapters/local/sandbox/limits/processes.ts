import { readdirSync, readFileSync } from 'node:fs';
import type { PhaseLimits } from '../../../../core/run/phase.ts';

const pageBytes = 4096;
const intervalMs = 250;

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the process has ended
  }
};

/**
 * Process ids below `pid`, from one pass over /proc; processes inside namespaces are included. The reads are
 * synchronous: the kernel answers from memory, and passing each file to a thread takes ten times as long as reading it.
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
 * The fourth field of /proc/PID/stat. The second field, the command in brackets, may contain spaces and brackets.
 * @internal for its tests
 */
export function parentOf(stat: string): number | undefined {
  const end = stat.lastIndexOf(')');
  const parent = Number(stat.slice(end + 2).split(' ')[1]);
  return end < 0 || !Number.isInteger(parent) ? undefined : parent;
}

function residentBytes(pid: number): number {
  const statm = read(`/proc/${pid}/statm`);
  return Number(statm.split(' ')[1] ?? 0) * pageBytes;
}

/**
 * Sums up resident memory and processes of a tree four times a second, and reports the first limit that is exceeded.
 */
export function watchProcesses(pid: number, limits: PhaseLimits, onHit: (message: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const measure = (): void => {
    const tree = descendants(pid);
    let bytes = 0;
    for (const one of tree) bytes += residentBytes(one);
    if (tree.length > limits.pids) onHit(`pids: ${tree.length} processes, the limit is ${limits.pids}`);
    else if (bytes > limits.memoryMb * 1024 * 1024)
      onHit(`memory_mb: ${Math.round(bytes / 1024 / 1024)} MB in use, the limit is ${limits.memoryMb}`);
    else timer = setTimeout(measure, intervalMs);
  };
  measure();
  return () => clearTimeout(timer);
}
