import { readFileSync } from 'node:fs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SQSClient } from '@aws-sdk/client-sqs';
import {
  type Ask,
  alarmChecks,
  imageChecks,
  mailChecks,
  queueChecks,
  quotaChecks,
} from '../../adapters/aws/diagnose/account.ts';
import { policyChecks } from '../../adapters/aws/diagnose/policy.ts';
import { secretChecks } from '../../adapters/aws/diagnose/secrets.ts';
import { createSecrets } from '../../adapters/aws/secrets/secrets.ts';
import { callJson } from '../../adapters/aws/signed.ts';
import { appChecks } from '../../adapters/github/doctor/deployment.ts';
import { fargateQuota, routes, variable } from '../../common/deployment.ts';
import { defined } from '../../core/defined.ts';
import { type Check, fail } from '../../core/doctor/finding.ts';
import { viewError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { encodeResult } from '../../pipeline/api/answer.ts';
import { asHandler, named } from '../runtime/handler.ts';
import { iamRoute } from './iam-route.ts';

/** Protocol names of the services. */
const services = {
  ecr: { service: 'ecr', host: 'api.ecr', prefix: 'AmazonEC2ContainerRegistry_V20150921' },
  cloudwatch: { service: 'monitoring', prefix: 'GraniteServiceVersion20100801', json: '1.0' },
  servicequotas: { service: 'servicequotas', prefix: 'ServiceQuotasV20190624' },
} as const;

const ask: Ask = (name, operation, input) => {
  const { prefix, ...of } = services[name];
  const {
    AWS_REGION: region = '',
    AWS_ACCESS_KEY_ID = '',
    AWS_SECRET_ACCESS_KEY = '',
    AWS_SESSION_TOKEN,
  } = process.env;
  const keys = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...defined({ sessionToken: AWS_SESSION_TOKEN }),
  };
  return callJson({ ...of, region, keys, target: `${prefix}.${operation}` }, input);
};
/** Well below the timeout of an HTTP API; a check that takes longer becomes a finding. */
const patienceMs = 20_000;
const list = (name: 'imageNames' | 'alarms' | 'deadLetters'): string[] => variable(name).split(',');

/** Reports what is missing or wrong in a deployment. It only reads, and discloses no secret. */
const front = iamRoute(routes.diagnose, async () => {
  const { policy, checks } = policyChecks(readFileSync(variable('policy')));
  const secrets = createSecrets(new SecretsManagerClient({}), Date.now);
  const names = {
    github: variable('github'),
    models: variable('models'),
    slack: variable('slack'),
    deployment: variable('deployment'),
  };
  const under = (look: (policy: Policy) => Promise<Check[]>) => async () => (policy ? look(policy) : []);
  const found = await Promise.all([
    looked('secrets', () => secretChecks(secrets, names, policy)),
    looked('images', () => imageChecks(ask, variable('images'), list('imageNames'))),
    looked(
      'mail',
      under((known) => mailChecks(new SESv2Client({}), known)),
    ),
    looked(
      'quotas',
      under((known) => quotaChecks(new LambdaClient({}), ask, known, fargateQuota)),
    ),
    looked('alarms', () => alarmChecks(ask, list('alarms'))),
    looked('dead letters', () => queueChecks(new SQSClient({}), list('deadLetters'))),
    looked('GitHub App', async () => {
      // Without a provider key, its secret already has a finding.
      const app = await secrets.gitHubApp(names.github).catch(() => undefined);
      const hosted = Object.entries(policy?.repositories ?? {}).filter(([, { host }]) => host === 'github');
      const repositories = hosted.map(([name]) => name);
      return app ? appChecks(app, variable('webhookUrl'), repositories) : [];
    }),
  ]);
  return encodeResult([...checks, ...found.flat()]);
});
export const handler = asHandler(front);

/** A check that fails becomes a finding of its own and does not affect the others. */
async function looked(name: string, look: () => Promise<Check[]>): Promise<Check[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('no answer in time')), patienceMs);
  try {
    return await Promise.race([look(), late.promise]);
  } catch (error) {
    const { name: fault, message } = viewError(named(error));
    return [fail(name, `could not be checked: ${fault}: ${message.slice(0, 300)}`, 'Try again; deploy again.')];
  } finally {
    clearTimeout(timer);
  }
}
