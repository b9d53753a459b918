import { execFile } from 'node:child_process';

const MIN_INTERVAL_MS = 500;

/**
 * Watches how much a folder holds and reports once when it is over the limit, first after the shortest interval. Looking
 * takes at most a tenth of the time.
 */
export function watchDisk(folder: string, limitMb: number, onHit: (message: string) => void): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const start = performance.now();
    // `du` exits with 1 where a file vanished meanwhile; its last line counts all the same. The tools are hard links.
    execFile('du', ['-sxk', '--exclude=./tools', '--', '.'], { cwd: folder }, (_error, stdout) => {
      if (stopped) return;
      const usedMb = Number.parseInt(stdout, 10) / 1024;
      if (usedMb > limitMb) onHit(`disk_mb: ${Math.round(usedMb)} MB in use, ${limitMb} are allowed`);
      else timer = setTimeout(look, Math.max(MIN_INTERVAL_MS, 9 * (performance.now() - start)));
    });
  };
  timer = setTimeout(look, MIN_INTERVAL_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
