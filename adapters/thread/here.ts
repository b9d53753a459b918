import { DrydockError } from '../../core/errors.ts';
import type { Job, JobName, Thread } from '../../core/ports/runtime/thread.ts';

/** Runs jobs in the calling thread: for a process that handles one phase and serves nobody else. It needs their code. */
export const here: Thread = {
  async run<Input, Output>(job: JobName<Input, Output>, input: Input): Promise<Output> {
    if (hasCode(job)) return job.run(input);
    throw new DrydockError('Internal', `This process has no code for the job ${job.name}.`);
  },
};

const hasCode = <Input, Output>(job: JobName<Input, Output>): job is Job<Input, Output> => 'run' in job;
