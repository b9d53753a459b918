import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const minIntervalMs = 500;
const maxIntervalMs = 2_000;
/** Kilobytes that a file counts at least: an empty one takes no block, but an entry of the file system. */
const fileKb = 4;

/**
 * Prints kilobytes and number of files for each line that it reads, and ends with its input. `du` exits with 1 if a file
 * disappeared meanwhile; its total is still valid. The tools are hard links.
 */
const program = `while read -r _; do
  du -sxk --exclude=./tools -- . || [ $? = 1 ] || exit
  du -sx --inodes --exclude=./tools -- . || [ $? = 1 ] || exit
done`;

/**
 * Commands can take from their folders the right to read them, which binds every user but root: with this one capability
 * `du` counts what is inside, and can change nothing.
 */
const readsAll = 'bwrap --ro-bind / / --die-with-parent --cap-drop ALL --cap-add CAP_DAC_READ_SEARCH --'.split(' ');

/**
 * Measures the size of a folder and reports once when it exceeds the limit. Measuring takes a fifth of the time, and more
 * where the folder has so many files that it would be rare. One process measures for the whole phase: starting one each
 * time would stop the server process while its memory is copied.
 */
export function watchDisk(
  folder: string,
  { limitMb, sealed, onHit }: { limitMb: number; sealed: boolean; onHit(message: string): void },
): () => void {
  const [first = '', ...args] = [...(sealed ? readsAll : []), 'sh', '-c', program];
  let child: ChildProcessByStdio<Writable, Readable, null> | undefined;
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
    const started = spawn(first, args, { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
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
