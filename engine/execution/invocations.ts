import { toJson } from '../asl/json.ts';
import { StateError } from '../errors.ts';
import type { Row } from '../store/rows.ts';
import { type Cause, lambdaFailure, lambdaResult } from './interpreter.ts';

/** Running functions of this process, one per attempt of a visit. */
export class Invocations {
  readonly #controllers = new Map<string, { execution: string; controller: AbortController }>();

  has(row: Row): boolean {
    return this.#controllers.has(keyOf(row));
  }

  /** Runs a function; never rejects. */
  async run(row: Row, waits: boolean, invoke: (signal: AbortSignal) => Promise<unknown>): Promise<Cause> {
    const key = keyOf(row);
    const controller = new AbortController();
    this.#controllers.set(key, { execution: row.name, controller });
    try {
      const returned = await invoke(controller.signal);
      return waits ? { type: 'launched' } : marshalled(returned);
    } catch (thrown) {
      if (thrown instanceof StateError) return { type: 'failure', error: thrown.error, cause: thrown.failure };
      return { type: 'failure', ...lambdaFailure(thrown) };
    } finally {
      this.#controllers.delete(key);
    }
  }

  abort(row: Row, reason: Error): void {
    this.#controllers.get(keyOf(row))?.controller.abort(reason);
  }

  /** Aborts all functions of one execution, or of all; including one that still runs after an early answer. */
  abortAll(reason: Error, execution?: string): void {
    for (const invocation of this.#controllers.values())
      if (execution === undefined || invocation.execution === execution) invocation.controller.abort(reason);
  }
}

const keyOf = (row: Row): string => `${row.name}.${row.visit}.${row.attempt}`;

/** The return value as JSON; a value that JSON cannot express is Lambda's `Runtime.MarshalError`. */
function marshalled(returned: unknown): Cause {
  try {
    const text = toJson(returned);
    return { type: 'result', value: lambdaResult(text === undefined ? null : (JSON.parse(text) as unknown)) };
  } catch (error) {
    return { type: 'failure', ...lambdaFailure({ name: 'Runtime.MarshalError', message: (error as Error).message }) };
  }
}
