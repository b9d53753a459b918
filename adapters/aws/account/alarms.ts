import type { Aws } from './client.ts';

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
