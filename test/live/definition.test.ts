/** What Step Functions itself says of the definition; nothing is made. */
import { SFNClient, ValidateStateMachineDefinitionCommand } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { taskMachine } from '../../pipeline/task.machine.ts';
import { checkAccount } from '../support/live.ts';

test('Step Functions accepts the definition', async () => {
  await checkAccount();
  const client = new SFNClient({});
  const region = await client.config.region();
  const partition = region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  const account = process.env.DRYDOCK_LIVE ?? '';
  const machine = taskMachine(
    (step) => `arn:${partition}:lambda:${region}:${account}:function:drydock-${step}`,
    partition,
  );
  const answer = await client.send(
    new ValidateStateMachineDefinitionCommand({ definition: JSON.stringify(machine), type: 'STANDARD' }),
  );
  expect(answer.diagnostics).toEqual([]);
  expect(answer.result).toBe('OK');
});
