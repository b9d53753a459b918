import { Stack } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { kept } from './kept.ts';

/** Names of Drydock's stores, which this stack or another one of the same account and region created. */
export interface State {
  /** ARN of the KMS key for all stored data. */
  readonly key: string;
  /** Names of the three tables. */
  readonly runs: string;
  readonly ledger: string;
  readonly gates: string;
  /** Name of the bucket. */
  readonly artifacts: string;
  /** Name of the image repository. */
  readonly images: string;
  /** ARN of the secret with the GitHub App's id, private key and webhook secret. */
  readonly github: string;
  /** ARN of the secret with the keys of model providers. */
  readonly models: string;
  /** ARN of the secret from which the secrets of phases are derived. */
  readonly deployment: string;
  /** ARN of the secret with Slack's incoming webhook. */
  readonly slack: string;
}

const parts: readonly (keyof State)[] = [
  'key',
  'runs',
  'ledger',
  'gates',
  'artifacts',
  'images',
  'github',
  'models',
  'deployment',
  'slack',
];

/**
 * Writes the names of a state as SSM parameters `/<prefix>/<part>`. CloudFormation exports are not used: an export
 * cannot change while another stack imports it, so neither stack could be changed alone.
 *
 * They are kept when their stack is deleted, as what they name: the other stack finds it then, and a new stack of the same name fails
 * on them, in place of making new, empty tables beside the old ones.
 */
export function exportState(scope: Construct, prefix: string, state: State): void {
  const parameters = new Construct(scope, 'Names');
  for (const part of parts) {
    new ssm.StringParameter(parameters, part, {
      parameterName: `/${prefix}/${part}`,
      stringValue: state[part],
    }).applyRemovalPolicy(kept);
  }
}

/**
 * The state that `exportState` wrote with this prefix. CloudFormation reads it at deployment, without a lookup at
 * synth.
 */
export function importState(scope: Construct, prefix: string): State {
  const names = new Construct(scope, 'State');
  const read = (part: keyof State): string => ssm.StringParameter.valueForStringParameter(names, `/${prefix}/${part}`);
  return {
    key: read('key'),
    runs: read('runs'),
    ledger: read('ledger'),
    gates: read('gates'),
    artifacts: read('artifacts'),
    images: read('images'),
    github: read('github'),
    models: read('models'),
    deployment: read('deployment'),
    slack: read('slack'),
  };
}

export const tableArn = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName: name });
export const bucketArn = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({ service: 's3', region: '', account: '', resource: name });
export const repositoryArn = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({ service: 'ecr', resource: 'repository', resourceName: name });
/** `<account>.dkr.ecr.<region>.<suffix>/<name>`: the URI of an image without its tag or digest. */
export const repositoryUri = (scope: Construct, name: string): string => {
  const { account, region, urlSuffix } = Stack.of(scope);
  return `${account}.dkr.ecr.${region}.${urlSuffix}/${name}`;
};
