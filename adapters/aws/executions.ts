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
import type { Executions } from '../../pipeline/deps.ts';

/** What Step Functions keeps of a cause. */
const causeCharacters = 32_768;
const pollMs = 2_000;

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
  /** Names of the states it entered, oldest first: Step Functions has no shorter way to tell. */
  const enteredStates = async (executionArn: string): Promise<string[]> => {
    const names: string[] = [];
    const pages = paginateGetExecutionHistory({ client }, { executionArn, includeExecutionData: false });
    for await (const { events } of pages)
      for (const { stateEnteredEventDetails: entered } of events ?? []) if (entered?.name) names.push(entered.name);
    return names;
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
      try {
        await client.send(new StartExecutionCommand({ stateMachineArn: machine, name, input: JSON.stringify(input) }));
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
      const entered = await enteredStates(arnOf(name));
      return { running, transitions: entered.length, state: entered.at(-1) ?? '' };
    },
  };
}
