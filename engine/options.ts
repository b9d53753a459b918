import type { StateMachine } from './asl.ts';
import type { EngineClock } from './clock.ts';

export interface EngineEvent {
  type: 'ExecutionStarted' | 'StateEntered' | 'StateExited' | 'TaskRetried' | 'TaskCaught' | 'ExecutionEnded';
  execution: string;
  state?: string;
  error?: string;
  /** Epoch milliseconds. */
  at: number;
}

export interface InvokeContext {
  execution: string;
  state: string;
  /** Aborted when the state times out, the execution is stopped, or the engine closes. */
  signal: AbortSignal;
}

export interface EngineOptions {
  /** Journal; `:memory:` for none. */
  file: string;
  /** Name of the state machine, for ids and the context object. */
  name: string;
  definition: StateMachine;
  invoke(functionName: string, payload: unknown, context: InvokeContext): Promise<unknown>;
  clock?: EngineClock;
  /** Jitter of retries, in [0, 1). */
  random?: () => number;
  onEvent?(event: EngineEvent): void;
}
