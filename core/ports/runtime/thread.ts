/** The name under which a thread knows a pure function on plain data, with the types of that function. */
export interface JobName<Input, Output> {
  readonly name: string;
  /** Never set: it carries the types. */
  readonly types?: (input: Input) => Output;
}

export interface Job<Input, Output> extends JobName<Input, Output> {
  run(input: Input): Output;
}

/**
 * Runs jobs on text from outside, in a thread with a deadline: whatever the text is, the process stays free, and a job
 * that does not end is an error with a name. Who asks needs the name of a job, not its code.
 * @throws GuardTimedOut after the deadline; LimitExceeded if the job needs too much memory.
 */
export interface Thread {
  run<Input, Output>(job: JobName<Input, Output>, input: Input): Promise<Output>;
}
