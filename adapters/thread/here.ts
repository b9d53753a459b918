import type { Thread } from '../../core/ports/runtime/thread.ts';

/** Runs jobs in the calling thread: for a process that handles one phase and serves nobody else. */
export const here: Thread = { run: async (job, input) => job.run(input) };
