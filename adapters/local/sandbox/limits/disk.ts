import { execFile } from 'node:child_process';

const minIntervalMs = 500;

/**
 * Measures the size of a folder and reports once when it exceeds the limit. The first measurement follows after the
 * minimum interval. Measuring takes at most a tenth of the time.
 */
export function watchDisk(folder: string, limitMb: number, onHit: (message: string) => void): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const measure = (): void => {
    const start = performance.now();
    // `du` exits with 1 if a file disappeared meanwhile; its total is still valid. The tools are hard links.
    execFile('du', ['-sxk', '--exclude=./tools', '--', '.'], { cwd: folder }, (_error, stdout) => {
      if (stopped) return;
      const usedMb = Number.parseInt(stdout, 10) / 1024;
      if (usedMb > limitMb) onHit(`disk_mb: ${Math.round(usedMb)} MB in use, the limit is ${limitMb}`);
      else timer = setTimeout(measure, Math.max(minIntervalMs, 9 * (performance.now() - start)));
    });
  };
  timer = setTimeout(measure, minIntervalMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
