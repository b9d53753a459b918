import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DrydockError, isErrorName } from '../../core/errors.ts';
import type { LintReport } from '../../core/task-spec/lint/lint.ts';
import { type LintContext, lintFile } from './lint-file.ts';
import type { Linted } from './worker.ts';

/** A thread takes as long to start as linting so many specs. */
const filesPerThread = 300;
const maxThreads = 8;
/** Sent at once: few enough that all threads end together, many enough that sending costs nothing. */
const batchFiles = 50;

interface ThreadOptions {
  threads: number;
  /** What each of them runs. */
  program: URL;
}

/**
 * Lints files in their order, in threads when there are many.
 * @throws FileUnreadable for the first file that cannot be read. ThreadLost when a thread ends before its work is done.
 */
export async function lintFiles(
  files: readonly string[],
  context: LintContext,
  {
    threads = Math.min(availableParallelism(), maxThreads, Math.floor(files.length / filesPerThread)),
    program = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url),
  }: Partial<ThreadOptions> = {},
): Promise<LintReport[]> {
  return threads < 2
    ? files.map((file) => lintFile(file, context))
    : lintInThreads(files, context, { threads, program });
}

async function lintInThreads(
  files: readonly string[],
  context: LintContext,
  { threads, program }: ThreadOptions,
): Promise<LintReport[]> {
  const linted: Linted[] = [];
  let next = 0;
  // A thread has no compile cache of its own accord; with it, it starts in a third of the time.
  const cache = getCompileCacheDir();
  const env = cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: cache };
  const workers = Array.from({ length: threads }, () => new Worker(program, { workerData: context, env }));
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let from = 0;
      const send = (): void => {
        from = next;
        next += batchFiles;
        const batch = files.slice(from, next);
        if (batch.length === 0) resolve();
        else worker.postMessage(batch);
      };
      worker.on('message', (results: Linted[]) => {
        for (const [i, result] of results.entries()) linted[from + i] = result;
        send();
      });
      worker.on('error', (error) => reject(lost(error.message)));
      worker.on('exit', (code) => reject(lost(`it exited with ${code}`)));
      send();
    });
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return linted.map(reportOf);
}

const lost = (reason: string): DrydockError =>
  new DrydockError('ThreadLost', `A thread that lints ended before its work was done: ${reason}`);

function reportOf(linted: Linted): LintReport {
  if ('report' in linted) return linted.report;
  const { name, message, remedy } = linted.error;
  throw new DrydockError(isErrorName(name) ? name : 'Internal', message, { remedy });
}
