import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { GetAccountCommand, GetEmailIdentityCommand, NotFoundException, type SESv2Client } from '@aws-sdk/client-sesv2';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { ServiceFault } from '../signed.ts';

/** Calls a service with a JSON protocol: `('ecr', 'DescribeImages', {…})`. */
export type Ask = (
  service: 'ecr' | 'cloudwatch' | 'servicequotas',
  operation: string,
  input: object,
) => Promise<unknown>;

/** Concurrent function invocations that one run needs at most, from steps and events. */
const minConcurrency = 50;
const gatewayCpu = 0.25;

/** Checks that the images exist which ECS will pull. @param images `:tag` or `@sha256:…`, the gateway's first. */
export async function imageChecks(ask: Ask, repository: string, images: string[]): Promise<Check[]> {
  return Promise.all(
    images.map(async (image, index) => {
      const id = image.startsWith('@') ? { imageDigest: image.slice(1) } : { imageTag: image.slice(1) };
      try {
        await ask('ecr', 'DescribeImages', { repositoryName: repository, imageIds: [id] });
        return pass('image', `${repository}${image}`);
      } catch (error) {
        if (!(error instanceof ServiceFault) || !/NotFound/.test(error.code)) throw error;
        const remedy = 'Wait for its build, or push it; see docs/images.md, Built in the account.';
        const missing = `${repository} has no ${image.slice(1)}`;
        // A missing toolchain is a warning: not every team uses each one.
        return index === 0
          ? fail('image', `${missing}: no phase starts`, remedy)
          : warn('image', `${missing}: runs that need it fail`, remedy);
      }
    }),
  );
}

/** Checks that SES can send mail from the policy's sender, and to which recipients. */
export async function mailChecks(ses: SESv2Client, policy: Policy): Promise<Check[]> {
  const from = policy.notify.email?.from;
  if (from === undefined) return [];
  const verified = async (EmailIdentity: string): Promise<boolean> => {
    try {
      return (await ses.send(new GetEmailIdentityCommand({ EmailIdentity }))).VerifiedForSendingStatus === true;
    } catch (error) {
      if (error instanceof NotFoundException) return false;
      throw error;
    }
  };
  if (!(await verified(from)) && !(await verified(from.slice(from.lastIndexOf('@') + 1)))) {
    return [fail('mail', `SES has not verified ${from}`, 'Verify the address or its domain in SES, in this region.')];
  }
  const { ProductionAccessEnabled, SendingEnabled } = await ses.send(new GetAccountCommand({}));
  if (SendingEnabled === false) return [fail('mail', 'SES has paused sending', 'See the reputation page of SES.')];
  if (ProductionAccessEnabled !== true) {
    const remedy = 'Request production access in SES, or verify each recipient.';
    return [warn('mail', 'SES is in its sandbox: only verified addresses get mail', remedy)];
  }
  return [pass('mail', from)];
}

/** Compares the account's quotas with the concurrency of the policy. */
export async function quotaChecks(lambda: LambdaClient, ask: Ask, policy: Policy, QuotaCode: string): Promise<Check[]> {
  const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
  const free = AccountLimit?.UnreservedConcurrentExecutions ?? 0;
  const functions =
    free < minConcurrency
      ? warn(
          'functions',
          `at most ${free} concurrent executions`,
          'Request 1000 concurrent Lambda executions in Service Quotas.',
        )
      : pass('functions', `at most ${free} concurrent executions`);
  const { concurrent_runs, concurrent_runs_total, cpu } = policy.limits;
  const repositories = Object.keys(policy.repositories).length;
  const runs = Math.min(concurrent_runs_total ?? Number.POSITIVE_INFINITY, concurrent_runs * repositories);
  const wanted = runs * (cpu + gatewayCpu);
  const answer = await ask('servicequotas', 'GetServiceQuota', { ServiceCode: 'fargate', QuotaCode });
  const given = (answer as { Quota?: { Value?: number } }).Quota?.Value ?? 0;
  const limit = concurrent_runs_total === undefined ? 'concurrent_runs' : 'concurrent_runs_total';
  const detail = `${given} Fargate vCPUs; ${runs} runs at a time, by limits.${limit} and ${repositories} repositories, need ${wanted}`;
  const remedy = 'Request more Fargate On-Demand vCPUs in Service Quotas, or lower limits.concurrent_runs_total.';
  return [functions, given < wanted ? warn('Fargate', detail, remedy) : pass('Fargate', detail)];
}

/** Reports the alarms that are in the state ALARM. */
export async function alarmChecks(ask: Ask, names: string[]): Promise<Check[]> {
  const answer = await ask('cloudwatch', 'DescribeAlarms', { AlarmNames: names, StateValue: 'ALARM' });
  const { MetricAlarms = [] } = answer as { MetricAlarms?: { AlarmName?: string; AlarmDescription?: string }[] };
  if (MetricAlarms.length === 0) return [pass('alarms', `${names.length}, none in ALARM`)];
  return MetricAlarms.map(({ AlarmName, AlarmDescription }) =>
    warn('alarm', `${AlarmName}: ${AlarmDescription ?? ''}`, 'See docs/aws.md, Alarms.'),
  );
}

/** Reports messages in the dead-letter queues. @param queues Their URLs. */
export async function queueChecks(sqs: SQSClient, queues: string[]): Promise<Check[]> {
  const counts = await Promise.all(
    queues.map(async (QueueUrl) => {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
    }),
  );
  const left = counts.reduce((sum, each) => sum + each, 0);
  return [
    left === 0
      ? pass('dead letters', 'none')
      : warn('dead letters', `${left}`, 'See docs/aws.md, Alarms: DeadLetters, DeliveriesLost.'),
  ];
}
