import { execFile } from 'node:child_process';

const minIntervalMs = 500;
const maxIntervalMs = 2_000;
/** Kilobytes that a file counts at least: an empty one takes no block, but an entry of the file system. */
const fileKb = 4;

/**
 * Measures the size of a folder and reports once when it exceeds the limit. The size and the number of files are measured
 * in turn; measuring takes a fifth of the time, and more where the folder has so many files that it would be rare.
 */
export function watchDisk(folder: string, limitMb: number, onHit: (message: string) => void): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const measure = (what: 'size' | 'files'): void => {
    const start = performance.now();
    // `du` exits with 1 if a file disappeared meanwhile; its total is still valid. The tools are hard links.
    const args = ['-sx', what === 'size' ? '-k' : '--inodes', '--exclude=./tools', '--', '.'];
    execFile('du', args, { cwd: folder }, (_error, stdout) => {
      if (stopped) return;
      const total = Number.parseInt(stdout, 10);
      const usedMb = (what === 'size' ? total : total * fileKb) / 1024;
      const files = what === 'size' ? '' : ` by ${total} files of at least ${fileKb} KB`;
      if (usedMb > limitMb) onHit(`disk_mb: ${Math.round(usedMb)} MB in use${files}, the limit is ${limitMb}`);
      else {
        const pause = Math.min(Math.max(4 * (performance.now() - start), minIntervalMs), maxIntervalMs);
        timer = setTimeout(() => measure(what === 'size' ? 'files' : 'size'), pause);
      }
    });
  };
  timer = setTimeout(() => measure('size'), minIntervalMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
