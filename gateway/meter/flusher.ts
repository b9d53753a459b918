import { fdatasync } from 'node:fs';

/**
 * Flushes a file to the disk: the promise of a call resolves when all that was written before the call is there. Calls that come while
 * a flush is under way share the next one, so that many at a time wait for two flushes at most.
 */
export function createFlusher(fd: number): () => Promise<void> {
  const once = (): Promise<void> =>
    new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())));
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    next = undefined;
    const flush = once().finally(() => {
      if (running === flush) running = undefined;
    });
    running = flush;
    return flush;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}
