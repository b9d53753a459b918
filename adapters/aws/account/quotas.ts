import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { ServiceFault } from '../signed.ts';
import { type Aws, listOf } from './client.ts';

/** Codes of Service Quotas: https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html */
const quotas = {
  fargate: { ServiceCode: 'fargate', QuotaCode: 'L-3032A538' },
  functions: { ServiceCode: 'lambda', QuotaCode: 'L-B99A9384' },
  networks: { ServiceCode: 'vpc', QuotaCode: 'L-F678F1CE' },
} as const;

/** Concurrent functions that AWS gives a new account, which deploy; and those that runs do not wait for. */
const functions = { least: 10, ample: 50 } as const;

/** The quota of the account, or the default where the account has none of its own. */
async function quotaOf(aws: Aws, quota: (typeof quotas)[keyof typeof quotas]): Promise<number | undefined> {
  let answer: Record<string, unknown>;
  try {
    answer = await aws.json('servicequotas', 'GetServiceQuota', quota);
  } catch (error) {
    if (!(error instanceof ServiceFault) || error.code !== 'NoSuchResourceException') throw error;
    answer = await aws.json('servicequotas', 'GetAWSDefaultServiceQuota', quota);
  }
  const { Value } = (answer.Quota ?? {}) as { Value?: unknown };
  return typeof Value === 'number' ? Value : undefined;
}

const page = (region: string, { ServiceCode, QuotaCode }: { ServiceCode: string; QuotaCode: string }): string =>
  `https://${region}.console.aws.amazon.com/servicequotas/home/services/${ServiceCode}/quotas/${QuotaCode}`;

export async function fargateCheck(aws: Aws, { limits, repositories, sandbox }: Policy): Promise<Check[]> {
  const quota = await quotaOf(aws, quotas.fargate);
  if (quota === undefined) return [unread('Fargate', aws.region, quotas.fargate)];
  const one = limits.cpu + sandbox.gateway.cpu;
  const runs = Math.min(
    limits.concurrent_runs_total ?? Number.POSITIVE_INFINITY,
    limits.concurrent_runs * Math.max(1, Object.keys(repositories).length),
  );
  const all = runs * one;
  const detail = `${quota} vCPU; one run takes ${one}, and ${runs} at a time take ${all}`;
  if (quota >= all) return [pass('Fargate', detail)];
  const ask = `Ask for ${Math.ceil(all)} at ${page(aws.region, quotas.fargate)}`;
  return quota < one
    ? [fail('Fargate', detail, `${ask}; no run can start before.`)]
    : [
        warn(
          'Fargate',
          detail,
          `${ask}, or set limits.concurrent_runs_total to ${Math.floor(quota / one)}: more runs wait for capacity.`,
        ),
      ];
}

export async function functionsCheck(aws: Aws): Promise<Check[]> {
  const quota = await quotaOf(aws, quotas.functions);
  if (quota === undefined) return [unread('functions', aws.region, quotas.functions)];
  const detail = `${quota} at a time`;
  if (quota >= functions.ample) return [pass('functions', detail)];
  const ask = `Ask for 1000 at ${page(aws.region, quotas.functions)}`;
  return quota < functions.least
    ? [fail('functions', `${detail}; ${functions.least} are needed`, `${ask}.`)]
    : [warn('functions', `${detail}: enough to deploy, and for a few runs`, `${ask}.`)];
}

/** @param toMake Networks that the deployment will make. */
export async function networksCheck(aws: Aws, toMake: number): Promise<Check[]> {
  if (toMake === 0) return [pass('networks', 'none to make')];
  const [quota, found] = await Promise.all([
    quotaOf(aws, quotas.networks),
    aws.query('ec2', 'DescribeVpcs', { MaxResults: '1000' }),
  ]);
  if (quota === undefined) return [unread('networks', aws.region, quotas.networks)];
  const there = listOf(found.vpcSet, 'item').length;
  const detail = `${there} of ${quota} VPCs are there, and ${toMake} will be made`;
  if (there + toMake <= quota) return [pass('networks', detail)];
  const remedy = `Ask for ${there + toMake} at ${page(aws.region, quotas.networks)}, delete one, or name networks of your own in the settings.`;
  return [fail('networks', detail, remedy)];
}

const unread = (name: string, region: string, quota: { ServiceCode: string; QuotaCode: string }): Check =>
  warn(name, 'not known: Service Quotas gives no figure', `See ${page(region, quota)}.`);
