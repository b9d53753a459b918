import { spawn } from 'node:child_process';
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
export const measuring = `while read -r _; do
  du -sxkc --exclude=./tools -- "$@" 2> /dev/null | tail -n 1
  du -sxc --inodes --exclude=./tools -- "$@" 2> /dev/null | tail -n 1
done`;

/**
 * Measures the size of folders and reports once when it exceeds the limit. Measuring takes a fifth of the time, and more
 * where the folders have so many files that it would be rare. One process measures for the whole phase: starting one each
 * time would stop the server process while its memory is copied.
 * @param child Runs `measuring`.
 */
export function watchDisk(
  child: {
    stdin: Writable;
    stdout: Readable;
    on(event: 'error', listener: () => void): unknown;
    kill(signal: 'SIGKILL'): unknown;
  },
  limitMb: number,
  onHit: (message: string) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let start = 0;
  let sizeKb: number | undefined;
  const measure = (): void => {
    start = performance.now();
    child.stdin.write('\n');
  };
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
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
  });
  timer = setTimeout(measure, minIntervalMs);
  return () => {
    clearTimeout(timer);
    child.kill('SIGKILL');
  };
}

/** Measures folders that this process may read. */
export const measureHere = (cwd: string, folders: readonly string[]) =>
  spawn('sh', ['-c', measuring, 'sh', ...folders], { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
