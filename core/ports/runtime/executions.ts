/** The workflow engine as the steps see it: the API of Step Functions or the embedded engine. */
export interface Executions {
  /** False if decisions are only recorded, and delivered when the run resumes. */
  readonly live: boolean;
  start(name: string, input: { runId: string }): Promise<'started' | 'exists'>;
  /** False when nothing waits for the token any more. */
  succeed(token: string, output: unknown): Promise<boolean>;
  fail(token: string, error: string, cause: string): Promise<boolean>;
  /** Resolves at the end of an execution; at once for one that was never started. */
  done(name: string): Promise<void>;
  /**
   * Names of the executions that run, read many at once. One that started or ended within the last seconds may be missing
   * or still there.
   */
  running(): Promise<Set<string>>;
  /** Undefined when it was never started. */
  describe(name: string): Promise<{ running: boolean; transitions: number; state: string } | undefined>;
}
