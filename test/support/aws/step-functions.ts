/** Step Functions in front of the embedded engine. */
import type { Engine } from '../../../engine/engine.ts';
import { AwsRefusal, type JsonOperation } from './call.ts';

/** @param machine ARN of the one state machine there is. */
export function stepFunctions(engine: () => Engine, machine: string): Record<string, JsonOperation> {
  const refuse = (error: unknown): never => {
    const { name, message } = error as Error;
    throw new AwsRefusal(name, message);
  };
  const prefix = `${machine.replace(':stateMachine:', ':execution:')}:`;
  const nameOf = ({ executionArn }: Record<string, unknown>): string => {
    const name = String(executionArn).slice(prefix.length);
    if (!String(executionArn).startsWith(prefix) || !engine().describe(name))
      throw new AwsRefusal('ExecutionDoesNotExist', `Execution Does Not Exist: '${String(executionArn)}'`);
    return name;
  };
  return {
    async 'states:StartExecution'({ stateMachineArn, name, input }) {
      if (stateMachineArn !== machine) throw new AwsRefusal('StateMachineDoesNotExist', String(stateMachineArn));
      await engine()
        .start(String(name), JSON.parse(String(input)))
        .catch(refuse);
      return { executionArn: `${prefix}${String(name)}`, startDate: 0 };
    },
    'states:SendTaskSuccess': ({ taskToken, output }) =>
      engine()
        .sendTaskSuccess(String(taskToken), JSON.parse(String(output)))
        .catch(refuse),
    'states:SendTaskFailure'({ taskToken, error, cause }) {
      // https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html
      if (String(error).length > 256 || String(cause).length > 32_768)
        throw new AwsRefusal('ValidationException', 'error or cause is too long');
      return engine().sendTaskFailure(String(taskToken), String(error), String(cause)).catch(refuse);
    },
    /** Pages of `maxResults`; the token is where the next one begins. */
    'states:ListExecutions'({ stateMachineArn, statusFilter, maxResults, nextToken }) {
      if (stateMachineArn !== machine) throw new AwsRefusal('StateMachineDoesNotExist', String(stateMachineArn));
      const all = engine().list({ status: statusFilter as 'RUNNING' });
      const from = Number(nextToken ?? 0);
      const to = from + Number(maxResults ?? 100);
      return {
        executions: all.slice(from, to).map(({ name, status }) => ({
          executionArn: `${prefix}${name}`,
          stateMachineArn: machine,
          name,
          status,
          startDate: 0,
        })),
        ...(to < all.length ? { nextToken: String(to) } : {}),
      };
    },
    'states:DescribeExecution'(input) {
      const { status } = engine().describe(nameOf(input)) ?? {};
      return { executionArn: input.executionArn, stateMachineArn: machine, status, startDate: 0 };
    },
    /** Pages of `maxResults`; the token is where the next one begins. */
    'states:GetExecutionHistory'(input) {
      const all = engine()
        .history(nameOf(input))
        .flatMap(({ state: name, retries }) => [
          { type: 'TaskStateEntered', stateEnteredEventDetails: { name } },
          ...Array.from({ length: retries + 1 }, () => ({ type: 'TaskScheduled' })),
        ]);
      const from = Number(input.nextToken ?? 0);
      const to = from + Number(input.maxResults ?? 100);
      return {
        events: all.slice(from, to).map((event, i) => ({ id: from + i + 1, timestamp: 0, ...event })),
        ...(to < all.length ? { nextToken: String(to) } : {}),
      };
    },
  };
}
