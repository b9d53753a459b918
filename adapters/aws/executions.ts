import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  paginateGetExecutionHistory,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import type { Executions } from '../../core/ports/runtime/executions.ts';

/** What Step Functions keeps of a cause. */
const causeCharacters = 32_768;
const pollMs = 2_000;
/** Events; the most that Step Functions gives at once. */
const historyPage = 1_000;

/** The executions of one state machine. @param machine ARN. */
export function createStepFunctions(client: SFNClient, machine: string): Executions {
  const arnOf = (name: string): string => `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
  /** A token nobody waits for any more has been answered, has timed out, or is of an execution that ended. */
  const answered = async (answer: Promise<unknown>): Promise<boolean> => {
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
   * The state it is in or ended in, and how many transitions it made: states entered, and retries, which show as a task
   * that is scheduled once more. Step Functions has no shorter way to tell.
   */
  const progress = async (executionArn: string): Promise<{ state: string; transitions: number }> => {
    let [state, entered, retries, scheduled] = ['', 0, 0, false];
    const pages = paginateGetExecutionHistory(
      { client, pageSize: historyPage },
      { executionArn, includeExecutionData: false },
    );
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
      // The same name with the same input is answered as if it had been started. With a mark of its own only what the SDK
      // sends again, because an answer was lost, has the same input.
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
      answered(client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }))),
    fail: (taskToken, error, cause) =>
      answered(client.send(new SendTaskFailureCommand({ taskToken, error, cause: cause.slice(0, causeCharacters) }))),
    async done(name) {
      while (await isRunning(name)) await delay(pollMs);
    },
    async describe(name) {
      const running = await isRunning(name);
      if (running === undefined) return undefined;
      return { running, ...(await progress(arnOf(name))) };
    },
  };
}
