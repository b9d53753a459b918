/** A pure function on plain data, and the name under which a thread knows it. */
export interface Job<Input, Output> {
  readonly name: string;
  run(input: Input): Output;
}

/**
 * Runs jobs on text from outside, in a thread with a deadline: whatever the text is, the process stays free, and a job
 * that does not end is an error with a name.
 * @throws GuardTimedOut after the deadline; LimitExceeded if the job needs too much memory.
 */
export interface Thread {
  run<Input, Output>(job: Job<Input, Output>, input: Input): Promise<Output>;
}
