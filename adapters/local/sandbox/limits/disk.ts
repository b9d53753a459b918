import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const minIntervalMs = 500;
const maxIntervalMs = 2_000;
/** Kilobytes that a file counts at least: an empty one takes no block, but an entry of the file system. */
const fileKb = 4;

/**
 * Script for a shell whose arguments are folders. It prints kilobytes and number of files for each line that it reads, and
 * ends with its input. `du` exits with 1 if a file disappeared meanwhile; its total is still valid. The tools are hard
 * links.
 */
export const measuring = `newline='
'
total() { all=$(du -sxc "$@"); [ $? -le 1 ] || exit; echo "\${all##*"$newline"}"; }
while read -r _; do
  total -k --exclude=./tools -- "$@"
  total --inodes --exclude=./tools -- "$@"
done`;

/**
 * Commands can take from their folders the right to read them, which binds every user but root: with this one capability
 * `du` counts what is inside, and can change nothing.
 */
const readsAll = 'bwrap --ro-bind / / --die-with-parent --cap-drop ALL --cap-add CAP_DAC_READ_SEARCH --'.split(' ');

/** A process that measures, in which `measuring` runs. */
type Measurer = ChildProcessByStdio<Writable, Readable, Readable | null>;

/** Measures folders of this machine. */
export function measureHere(cwd: string, folders: readonly string[], sealed: boolean): Measurer {
  const [first = '', ...args] = [...(sealed ? readsAll : []), 'sh', '-c', measuring, 'sh', ...folders];
  return spawn(first, args, { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
}

/**
 * Measures the size of folders and reports once when it exceeds the limit. Measuring takes a fifth of the time, and more
 * where the folders have so many files that it would be rare. One process measures for the whole phase: starting one each
 * time would stop the server process while its memory is copied.
 */
export function watchDisk(
  measurer: () => Measurer,
  { limitMb, onHit }: { limitMb: number; onHit(message: string): void },
): () => void {
  let child: Measurer | undefined;
  let stopped = false;
  let start = 0;
  let sizeKb: number | undefined;
  const measure = (): void => {
    start = performance.now();
    child ??= begin();
    child.stdin.write('\n');
  };
  // Not at once: many phases have ended before the first measurement.
  let timer = setTimeout(measure, minIntervalMs);
  const begin = () => {
    const started = measurer();
    started.on('error', () => undefined);
    started.on('close', () => {
      if (!stopped) onHit('disk_mb: the program that measures the disk has ended');
    });
    started.stdin.on('error', () => undefined);
    createInterface({ input: started.stdout }).on('line', take);
    return started;
  };
  const take = (line: string): void => {
    const total = Number.parseInt(line, 10);
    if (sizeKb === undefined) {
      sizeKb = total;
      return;
    }
    const ofFilesKb = total * fileKb;
    const usedMb = Math.max(sizeKb, ofFilesKb) / 1024;
    const files = ofFilesKb > sizeKb ? ` by ${total} files of at least ${fileKb} KB` : '';
    sizeKb = undefined;
    if (usedMb > limitMb) onHit(`disk_mb: ${Math.round(usedMb)} MB in use${files}, the limit is ${limitMb}`);
    else {
      const pause = Math.min(Math.max(4 * (performance.now() - start), minIntervalMs), maxIntervalMs);
      timer = setTimeout(measure, pause);
    }
  };
  return () => {
    stopped = true;
    clearTimeout(timer);
    child?.kill('SIGKILL');
  };
}
