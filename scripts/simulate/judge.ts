import { diffJob } from '../../adapters/github/merge/diff-file.ts';
import { mergeJob } from '../../adapters/github/merge/merge-text.ts';
import { similarityJob } from '../../adapters/github/merge/renames.ts';
import { attentionJob } from '../../core/guard/attention/attention.ts';
import { guardJob } from '../../core/guard/guard.ts';
import type { Job, JobName, Thread } from '../../core/ports/runtime/thread.ts';

// biome-ignore lint/suspicious/noExplicitAny: each job has types of its own
const jobs = new Map<string, Job<any, unknown>>(
  [guardJob, attentionJob, diffJob, mergeJob, similarityJob].map((job) => [job.name, job]),
);

/** The judge's jobs in this thread: what they read here is not hostile. */
export const judge: Thread = {
  async run<Input, Output>({ name }: JobName<Input, Output>, input: Input): Promise<Output> {
    const job = jobs.get(name);
    if (!job) throw new Error(`There is no job ${name}.`);
    return job.run(input) as Output;
  },
};
