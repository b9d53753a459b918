/** How a state failed, by the names of the States Language or of the function that threw. */
export class StateError extends Error {
  readonly error: string;
  readonly failure: string;
  constructor(error: string, cause: string) {
    super(`${error}: ${cause}`);
    this.error = error;
    this.failure = cause;
  }
}

const named = (name: string) =>
  class extends Error {
    override readonly name = name;
  };

/** The name is taken by an execution with another input, or by one that has ended. */
export class ExecutionAlreadyExists extends named('ExecutionAlreadyExists') {}
export class ExecutionDoesNotExist extends named('ExecutionDoesNotExist') {}
/** A name is 1–80 of `A-Za-z0-9-_`. */
export class InvalidName extends named('InvalidName') {}
/** The input of an execution is no JSON or larger than 256 KiB. */
export class InvalidExecutionInput extends named('InvalidExecutionInput') {}
/** The answer to a token is no JSON or larger than 256 KiB; the token stays open. */
export class InvalidOutput extends named('InvalidOutput') {}
/** Nobody waits for the token: unknown, answered, or timed out. */
export class TaskTimedOut extends named('TaskTimedOut') {}
/** Another process holds the journal. */
export class EngineBusy extends named('EngineBusy') {}
/** The engine was closed. */
export class EngineClosed extends named('EngineClosed') {}
/** The journal could not be written or is none of ours. The engine stops: what is not on disk must not go on. */
export class JournalFailed extends named('JournalFailed') {}

export interface Problem {
  /** Name of the state, or `(machine)`. */
  state: string;
  message: string;
}

/** A definition that holds something the engine does not run; all faults at once. */
export class DefinitionRefused extends named('DefinitionRefused') {
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super(problems.map(({ state, message }) => `${state}: ${message}`).join('\n'));
    this.problems = problems;
  }
}
