import type { StateMachine } from './asl/types.ts';
import type { Status } from './store/journal.ts';
import type { EngineClock } from './timing/clock.ts';

/** Something that has happened: told once, after it is on disk. */
export interface EngineEvent {
  type: 'ExecutionStarted' | 'StateEntered' | 'StateExited' | 'TaskRetried' | 'TaskCaught' | 'ExecutionEnded';
  execution: string;
  state?: string;
  /** ISO 8601. */
  at: string;
  /** Counts entered states, from 1. */
  visit?: number;
  error?: string;
  /** Until the next try. */
  delayMs?: number;
  /** Of an execution that ended. */
  status?: Status;
}

/** @internal for its tests */
export interface InvokeContext {
  execution: string;
  state: string;
  /** Aborted when the state or the execution times out, the execution is stopped, or the engine closes. */
  signal: AbortSignal;
  /** Of a `waitForTaskToken` state. */
  token?: string;
}

export interface EngineOptions {
  /** Journal; `:memory:` for none. */
  file: string;
  /** Name of the state machine, for ids and the context object. */
  name: string;
  definition: StateMachine;
  /** Runs a function. What it throws fails the state under its `name`; what it returns is read as JSON. */
  invoke(functionName: string, payload: unknown, context: InvokeContext): Promise<unknown>;
  clock?: EngineClock;
  /** Jitter of retries, in [0, 1). */
  random?: () => number;
  /** An observer: what it throws is dropped. */
  onEvent?(event: EngineEvent): void;
}
