/** The failure of a state; `error` is a name of the States Language or of the error that the function threw. */
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

/** An execution of this name has another input or has ended. */
export class ExecutionAlreadyExists extends named('ExecutionAlreadyExists') {}
export class ExecutionDoesNotExist extends named('ExecutionDoesNotExist') {}
/** A name is 1–80 of `A-Za-z0-9-_`. */
export class InvalidName extends named('InvalidName') {}
/** The input of an execution is not valid JSON or larger than 256 KiB. */
export class InvalidExecutionInput extends named('InvalidExecutionInput') {}
/** The answer to a token is not valid JSON or larger than 256 KiB; the token stays open. */
export class InvalidOutput extends named('InvalidOutput') {}
/** No state waits for the token: it is unknown, answered or timed out. */
export class TaskTimedOut extends named('TaskTimedOut') {}
/** Another process holds the journal. */
export class EngineBusy extends named('EngineBusy') {}
/** The engine was closed. */
export class EngineClosed extends named('EngineClosed') {}
/** The journal cannot be written or is invalid. The engine stops, because unrecorded work must not continue. */
export class JournalFailed extends named('JournalFailed') {}

export interface Problem {
  /** Name of the state, or `(machine)`. */
  state: string;
  message: string;
}

/** A definition with features that the engine does not support; lists all faults. */
export class DefinitionRefused extends named('DefinitionRefused') {
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super(problems.map(({ state, message }) => `${state}: ${message}`).join('\n'));
    this.problems = problems;
  }
}
