import { type Aws, listOf, textOf } from './client.ts';

/** Pages of resources of a stack; a page holds 100 of them. */
const maxPages = 20;

/** Name or ARN of the one resource of a type in a stack; undefined if it was not made, or is deleted. */
export async function resourceIn(aws: Aws, stack: string, type: string): Promise<string | undefined> {
  let next = '';
  for (let page = 0; page < maxPages; page++) {
    const answer = await aws.query('cloudformation', 'ListStackResources', {
      StackName: stack,
      ...(next === '' ? {} : { NextToken: next }),
    });
    const found = listOf(answer.StackResourceSummaries, 'member').find(
      ({ ResourceType }) => textOf(ResourceType) === type,
    );
    if (found !== undefined)
      return textOf(found.ResourceStatus) === 'DELETE_COMPLETE'
        ? undefined
        : textOf(found.PhysicalResourceId) || undefined;
    next = textOf(answer.NextToken);
    if (next === '') return undefined;
  }
  return undefined;
}

/**
 * Ids of the runs whose execution has not ended, the newest 1,000 at most. Step Functions knows all of them, however old; a
 * list of runs has the newest ones.
 */
export async function openExecutions(aws: Aws, stack: string): Promise<string[]> {
  const stateMachineArn = await resourceIn(aws, stack, 'AWS::StepFunctions::StateMachine');
  if (stateMachineArn === undefined) return [];
  const { executions } = await aws.json('states', 'ListExecutions', {
    stateMachineArn,
    statusFilter: 'RUNNING',
    maxResults: 1_000,
  });
  return ((executions ?? []) as { name?: string }[]).flatMap(({ name }) => name ?? []);
}

/** Alarms of a stack that are in ALARM. CloudFormation begins their names with the stack's. */
export async function alarmsOf(aws: Aws, stack: string): Promise<{ name: string; says: string }[]> {
  const { MetricAlarms } = await aws.json('monitoring', 'DescribeAlarms', {
    AlarmNamePrefix: `${stack}-`,
    AlarmTypes: ['MetricAlarm'],
    StateValue: 'ALARM',
    MaxRecords: 100,
  });
  return ((MetricAlarms ?? []) as { AlarmName?: string; AlarmDescription?: string }[]).map(
    ({ AlarmName = '', AlarmDescription = '' }) => ({ name: AlarmName, says: AlarmDescription }),
  );
}
