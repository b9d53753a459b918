import type { Executions } from '../../core/ports/runtime/executions.ts';
import type { Engine } from '../../engine/engine.ts';

/** The embedded engine behind the `Executions` port of the steps. */
export function createEngineExecutions(engine: Engine, live: boolean): Executions {
  /** False if the token is no longer valid: it was answered or it timed out. */
  const wasAccepted = async (answer: Promise<void>): Promise<boolean> => {
    try {
      await answer;
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'TaskTimedOut') return false;
      throw error;
    }
  };
  return {
    live,
    async start(name, input) {
      try {
        return (await engine.start(name, input)).started ? 'started' : 'exists';
      } catch (error) {
        if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return 'exists';
        throw error;
      }
    },
    succeed: (token, output) => wasAccepted(engine.sendTaskSuccess(token, output)),
    fail: (token, error, cause) => wasAccepted(engine.sendTaskFailure(token, error, cause)),
    async done(name) {
      if (engine.describe(name)) await engine.done(name);
    },
    running: async () => new Set(engine.list({ status: 'RUNNING' }).map(({ name }) => name)),
    async describe(name) {
      const execution = engine.describe(name);
      return (
        execution && {
          running: execution.status === 'RUNNING',
          transitions: execution.transitions,
          state: execution.state ?? '',
        }
      );
    },
  };
}
