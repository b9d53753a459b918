import { parentPort } from 'node:worker_threads';
import { type ErrorView, viewError } from '../../core/errors.ts';
import type { Job } from '../../core/ports/runtime/thread.ts';

export interface Asked {
  job: string;
  input: unknown;
}
export type Answered = { output: unknown } | { error: ErrorView };

/** Serves jobs in this thread: one message with a job, one answer, and so on. */
// biome-ignore lint/suspicious/noExplicitAny: each job has types of its own
export function serveJobs(jobs: readonly Job<any, unknown>[]): void {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  parentPort?.on('message', ({ job, input }: Asked) => {
    const answer = (answered: Answered): void => parentPort?.postMessage(answered);
    try {
      const known = byName.get(job);
      if (!known) throw new Error(`The thread has no job ${job}.`);
      answer({ output: known.run(input) });
    } catch (error) {
      answer({ error: viewError(error) });
    }
  });
}
