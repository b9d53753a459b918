import type { DeploymentNames } from '../../../core/deployment/names.ts';
import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { ServiceFault } from '../signed.ts';
import type { Aws } from './client.ts';
import { parameterOf } from './parameters.ts';
import { findCloudStack } from './stacks.ts';

/** Whether what a deployment keeps is there without its stack, so that it is adopted and not made again. */
export async function isOrphaned(aws: Aws, kept: string, parameters: string): Promise<boolean> {
  const [runs, stack] = await Promise.all([parameterOf(aws, `${parameters}/runs`), findCloudStack(aws, kept)]);
  return runs !== undefined && stack === undefined;
}

export async function keptCheck(aws: Aws, kept: string, parameters: string): Promise<Check[]> {
  const [runs, stack] = await Promise.all([parameterOf(aws, `${parameters}/runs`), findCloudStack(aws, kept)]);
  if (runs === undefined) {
    if (stack === undefined) return [pass('kept state', 'none yet')];
    return [
      fail(
        'kept state',
        `${kept} is there, and ${parameters}/runs is not`,
        `Deploy ${kept} again: docs/operations.md, Restore.`,
      ),
    ];
  }
  try {
    await aws.json('dynamodb', 'DescribeTable', { TableName: runs });
  } catch (error) {
    if (!(error instanceof ServiceFault) || error.code !== 'ResourceNotFoundException') throw error;
    const remedy = `Restore the table, or delete the parameters below ${parameters}/ to begin without it: docs/operations.md, Tear down.`;
    return [fail('kept state', `${parameters}/runs names the table ${runs}, which is gone`, remedy)];
  }
  if (stack !== undefined) return [pass('kept state', `${parameters}/… of ${kept}`)];
  const remedy = `drydock aws up adopts it: it deploys without ${kept}.`;
  return [warn('kept state', `${parameters}/… without the stack ${kept}, which was deleted`, remedy)];
}

/** Whether a secret has a value, which is never read. */
export async function isFilled(aws: Aws, arn: string): Promise<boolean> {
  const { VersionIdsToStages } = await aws.json('secretsmanager', 'DescribeSecret', { SecretId: arn });
  return Object.values((VersionIdsToStages ?? {}) as Record<string, string[]>).some((stages) =>
    stages.includes('AWSCURRENT'),
  );
}

/** Secrets that people fill, by the parameter that names them. @param keys Names in ModelKeys that the policy needs. */
export async function secretsCheck(
  aws: Aws,
  { run: stack, parameters }: DeploymentNames,
  policy: Policy,
  keys: string[],
): Promise<Check[]> {
  const wanted = [
    {
      part: 'github',
      name: 'GitHubApp',
      remedy: `drydock aws up makes the App, or: drydock github setup --stack ${stack}`,
    },
    ...(keys.length === 0
      ? []
      : [{ part: 'models', name: 'ModelKeys', remedy: `drydock aws up asks for it: ${keys.join(', ')}` }]),
    ...(policy.notify.slack
      ? [{ part: 'slack', name: 'Slack', remedy: 'Store {"webhookUrl": "https://…"}: docs/rotation.md, Slack.' }]
      : []),
  ];
  const rows = wanted.map(async ({ part, name, remedy }) => {
    const arn = await parameterOf(aws, `${parameters}/${part}`);
    if (arn === undefined) return warn(`secret ${name}`, 'not there yet', remedy);
    return (await isFilled(aws, arn))
      ? pass(`secret ${name}`, 'has a value')
      : warn(`secret ${name}`, 'is empty', remedy);
  });
  return Promise.all(rows);
}
