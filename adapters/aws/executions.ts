import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  paginateGetExecutionHistory,
  paginateListExecutions,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import type { Executions } from '../../core/ports/runtime/executions.ts';

/** Step Functions' limit for a cause, in characters. */
const maxCause = 32_768;
const pollMs = 2_000;
/** Step Functions' maximum page size. */
const pageSize = 1_000;

/** The executions of one state machine. @param machine ARN. */
export function createStepFunctions(client: SFNClient, machine: string): Executions {
  const arnOf = (name: string): string => `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
  /** False if the token is no longer valid: it was answered, it timed out, or its execution has ended. */
  const wasAccepted = async (answer: Promise<unknown>): Promise<boolean> => {
    try {
      await answer;
      return true;
    } catch (error) {
      if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken)
        return false;
      throw error;
    }
  };
  /**
   * The current or last state, and the number of transitions: entered states plus retries. A retry shows as another
   * `TaskScheduled` event. Step Functions has no API that returns these directly.
   */
  const progress = async (executionArn: string): Promise<{ state: string; transitions: number }> => {
    let [state, entered, retries, scheduled] = ['', 0, 0, false];
    const pages = paginateGetExecutionHistory({ client, pageSize }, { executionArn, includeExecutionData: false });
    for await (const { events } of pages) {
      for (const { type, stateEnteredEventDetails } of events ?? []) {
        if (stateEnteredEventDetails?.name) {
          [state, entered, scheduled] = [stateEnteredEventDetails.name, entered + 1, false];
        } else if (type === 'TaskScheduled') {
          if (scheduled) retries++;
          scheduled = true;
        }
      }
    }
    return { state, transitions: entered + retries };
  };
  const isRunning = async (name: string): Promise<boolean | undefined> => {
    try {
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn: arnOf(name) }));
      return status === 'RUNNING';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  };
  return {
    live: true,
    async start(name, input) {
      // Step Functions accepts a start with the same name and the same input again. The random id limits that to the
      // SDK's own retries, which send the same input.
      const marked = JSON.stringify({ ...input, start: randomUUID() });
      try {
        await client.send(new StartExecutionCommand({ stateMachineArn: machine, name, input: marked }));
        return 'started';
      } catch (error) {
        if (error instanceof ExecutionAlreadyExists) return 'exists';
        throw error;
      }
    },
    succeed: (taskToken, output) =>
      wasAccepted(client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }))),
    fail: (taskToken, error, cause) =>
      wasAccepted(client.send(new SendTaskFailureCommand({ taskToken, error, cause: cause.slice(0, maxCause) }))),
    async done(name) {
      while (await isRunning(name)) await delay(pollMs);
    },
    async running() {
      const names = new Set<string>();
      const pages = paginateListExecutions({ client, pageSize }, { stateMachineArn: machine, statusFilter: 'RUNNING' });
      for await (const { executions } of pages) for (const { name } of executions ?? []) if (name) names.add(name);
      return names;
    },
    async describe(name) {
      const running = await isRunning(name);
      if (running === undefined) return undefined;
      return { running, ...(await progress(arnOf(name))) };
    },
  };
}
