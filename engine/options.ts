import type { StateMachine } from './asl/types.ts';
import type { Status } from './store/journal.ts';
import type { EngineClock } from './timing/clock.ts';

/** An event of an execution, emitted once, after it is on disk. */
export interface EngineEvent {
  type: 'ExecutionStarted' | 'StateEntered' | 'StateExited' | 'TaskRetried' | 'TaskCaught' | 'ExecutionEnded';
  execution: string;
  state?: string;
  /** ISO 8601. */
  at: string;
  /** Counts entered states, from 1. */
  visit?: number;
  error?: string;
  /** Milliseconds until the next attempt. */
  delayMs?: number;
  /** Status of an ended execution. */
  status?: Status;
}

/** @internal for its tests */
export interface InvokeContext {
  execution: string;
  state: string;
  /** Aborted when the state or the execution times out, the execution is stopped, or the engine closes. */
  signal: AbortSignal;
  /** Task token of a `waitForTaskToken` state. */
  token?: string;
}

export interface EngineOptions {
  /** Path of the journal, or `:memory:`. */
  file: string;
  /** Name of the state machine, for ids and the context object. */
  name: string;
  definition: StateMachine;
  /** Runs a function. A thrown error fails the state under its `name`; the return value is converted to JSON. */
  invoke(functionName: string, payload: unknown, context: InvokeContext): Promise<unknown>;
  clock?: EngineClock;
  /** Random number for the jitter of retries, in [0, 1). */
  random?: () => number;
  /** An observer; its errors are ignored. */
  onEvent?(event: EngineEvent): void;
}
