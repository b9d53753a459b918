import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledgeWildcard, type Grant, grant } from '../iam/grant.ts';
import { type FunctionName, pascal } from '../names.ts';
import { propError } from '../props/prop-error.ts';

interface FunctionProps {
  /** Folder with one subfolder per function, each with `index.mjs`. */
  bundles: string;
  description: string;
  grants: Grant[];
  environment: Record<string, string>;
  /** Default: 512 MiB. */
  memoryMb?: number | undefined;
  /** Default: five minutes, the same time that the state machine waits for a step. */
  timeout?: Duration;
  /** Receives events that failed all retries. */
  deadLetters?: sqs.IQueue;
  layers?: lambda.ILayerVersion[];
  /** For functions whose versions are published, see `publish`. */
  versions?: lambda.VersionOptions;
  /** Removal policy of the log group. */
  removalPolicy: RemovalPolicy;
}

/**
 * A function with its own role and log group. The role allows writing to that log group and the grants; it has no
 * managed policies.
 * @throws FileUnreadable if there is no bundle with that name.
 */
export function makeFunction(parent: Construct, name: FunctionName, props: FunctionProps): lambda.Function {
  const folder = join(props.bundles, name);
  if (!existsSync(join(folder, 'index.mjs'))) {
    throw propError(parent, 'FileUnreadable', `${folder} has no index.mjs; bundle the functions first`);
  }
  const scope = new Construct(parent, pascal(name));
  const log = new logs.LogGroup(scope, 'Log', {
    retention: logs.RetentionDays.THREE_MONTHS,
    removalPolicy: props.removalPolicy,
  });
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const writes = { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [log.logGroupArn] };
  grant(role, [writes, ...props.grants]);
  acknowledgeWildcard(role, '*', 'X-Ray has no resource ARN: traces belong to the account.');
  return new lambda.Function(scope, 'Function', {
    description: props.description,
    code: lambda.Code.fromAsset(folder),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: props.memoryMb ?? 512,
    timeout: props.timeout ?? Duration.minutes(5),
    // Lambda's own segments; the functions add none.
    tracing: lambda.Tracing.ACTIVE,
    role,
    logGroup: log,
    environment: props.environment,
    layers: props.layers ?? [],
    ...(props.deadLetters ? { deadLetterQueue: props.deadLetters } : {}),
    ...(props.versions ? { currentVersionOptions: props.versions } : {}),
  });
}
