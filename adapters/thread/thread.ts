import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { DrydockError, isErrorName } from '../../core/errors.ts';
import type { JobName, Thread } from '../../core/ports/runtime/thread.ts';
import type { Answered, Asked } from './serve.ts';

interface ThreadOptions {
  /** Module that calls `serveJobs`. */
  program: URL;
  /** Time for one job. */
  deadlineMs: number;
  /**
   * Heap of one thread. A job that fills it is ended; a single large allocation beyond it ends the process, so it is far
   * above what the bounded inputs of the jobs need.
   */
  memoryMb: number;
}

interface OwnThread extends Thread {
  /** Starts a thread, so that the first job need not wait for it. */
  warm(): void;
  /** Ends every thread: a job in progress or in the queue fails, because a job would hold the process until its deadline. */
  close(): Promise<void>;
}

/** Jobs at the same time, each in a thread of its own; others wait. */
const maxThreads = 2;

/**
 * Threads are started when they are needed, and one idle thread is kept: starting it takes longer than most jobs. A
 * thread does not keep the process alive. A job that exceeds its deadline or its memory ends with its thread.
 */
export function createThread({ program, deadlineMs, memoryMb }: ThreadOptions): OwnThread {
  let idle: Worker | undefined;
  const workers = new Set<Worker>();
  let closed = false;
  let running = 0;
  const queue: (() => void)[] = [];

  const start = (): Worker => {
    // A thread has no compile cache of its own accord; with it, it starts in a third of the time.
    const cache = getCompileCacheDir();
    const env = cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: cache };
    const worker = new Worker(program, { env, resourceLimits: { maxOldGenerationSizeMb: memoryMb } });
    workers.add(worker);
    const gone = (): void => {
      workers.delete(worker);
      if (idle === worker) idle = undefined;
    };
    return worker.on('error', gone).on('exit', gone);
  };

  const ask = async (name: string, input: unknown): Promise<Answered> => {
    if (closed) throw stopped(name);
    const worker = idle ?? start();
    idle = undefined;
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const failed = (error: NodeJS.ErrnoException): void =>
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooLarge(name, memoryMb) : error);
    const ended = (code: number): void =>
      reject(closed ? stopped(name) : new Error(`The thread of the ${name} exited with ${code}.`));
    const timer = setTimeout(() => reject(timedOut(name, deadlineMs)), deadlineMs);
    worker.once('message', resolve).once('error', failed).once('exit', ended);
    try {
      worker.postMessage({ job: name, input } satisfies Asked);
      const answered = await promise;
      if (idle) await worker.terminate();
      else keep(worker);
      return answered;
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve).off('error', failed).off('exit', ended);
    }
  };

  const keep = (worker: Worker): void => {
    idle = worker;
    worker.unref();
  };

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= maxThreads) await new Promise<void>((resolve) => queue.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running--;
    }
  };

  return {
    async run<Input, Output>({ name }: JobName<Input, Output>, input: Input): Promise<Output> {
      const answered = await inTurn(() => ask(name, input));
      if ('output' in answered) return answered.output as Output;
      const { name: error, message, remedy } = answered.error;
      throw new DrydockError(isErrorName(error) ? error : 'Internal', message, { remedy });
    },
    warm() {
      if (!closed && !idle && running === 0) keep(start());
    },
    async close() {
      closed = true;
      await Promise.all([...workers].map((worker) => worker.terminate()));
    },
  };
}

const stopped = (name: string): DrydockError =>
  new DrydockError('Cancelled', `The ${name} was stopped, because this process ends.`);

const timedOut = (name: string, deadlineMs: number): DrydockError =>
  new DrydockError('GuardTimedOut', `The ${name} did not end within ${deadlineMs / 1_000} seconds.`);

const tooLarge = (name: string, memoryMb: number): DrydockError =>
  new DrydockError('LimitExceeded', `The ${name} needs more than ${memoryMb} MB of memory.`, {
    remedy: 'Split the task, or keep generated and very large files out of the change.',
  });
