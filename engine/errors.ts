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
export class InvalidName extends named('InvalidName') {}
/** Nobody waits for the token: unknown, answered, or timed out. */
export class TaskTimedOut extends named('TaskTimedOut') {}
/** Another process holds the journal. */
export class EngineBusy extends named('EngineBusy') {}
/** The engine was closed. */
export class EngineClosed extends named('EngineClosed') {}

/** A definition that holds something the engine does not run; all faults at once. */
export class DefinitionRefused extends named('DefinitionRefused') {
  readonly problems: { state: string; message: string }[];
  constructor(problems: { state: string; message: string }[]) {
    super(problems.map(({ state, message }) => `${state}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

/** Whether a Retry or Catch names an error, with the wildcards' exceptions as AWS documents them. */
export function matches(names: string[], error: string): boolean {
  return names.some((name) => {
    if (name === error) return true;
    if (name === 'States.ALL') return error !== 'States.DataLimitExceeded' && error !== 'States.Runtime';
    return (
      name === 'States.TaskFailed' &&
      error !== 'States.Timeout' &&
      !['States.DataLimitExceeded', 'States.Runtime'].includes(error)
    );
  });
}
