import { createPrivateKey } from 'node:crypto';
import { type Check, fail, pass } from '../../../core/doctor/finding.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { ModelEndpoint } from '../../../core/models/endpoint.ts';
import { endpointOf } from '../../../core/models/of-policy.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { Secrets } from '../secrets/secrets.ts';

interface SecretNames {
  github: string;
  models: string;
  slack: string;
  deployment: string;
}

/** Checks that each secret has a valid value. A row names what is missing, never the value. */
export async function secretChecks(secrets: Secrets, names: SecretNames, policy: Policy | undefined): Promise<Check[]> {
  const providers = new Set(Object.values(policy?.agents.profiles ?? {}).flatMap(({ provider }) => provider ?? []));
  const endpoint = (provider: string) => (policy === undefined ? undefined : endpointOf(policy, provider));
  return Promise.all([
    row('secret: GitHub App', 'Run `drydock github setup --stack NAME`, or see docs/aws.md, Deploy.', async () => {
      const { privateKey } = await secrets.gitHubApp(names.github);
      if (!isRsa(privateKey)) throw new DrydockError('SecretMissing', 'privateKey is not an RSA private key in PEM.');
      return 'stored';
    }),
    row('secret: deployment key', 'Deploy DrydockState again, which creates one.', async () => {
      await secrets.text(names.deployment);
      return 'stored';
    }),
    ...[...providers].map((provider) =>
      row(
        `secret: model key ${provider}`,
        `Store ${keyName(provider, endpoint(provider))} in the secret ModelKeys; see docs/aws.md, Deploy.`,
        async () => {
          const { key, header, serviceAccount } = await secrets.modelAccess(names.models, provider, endpoint(provider));
          return key || header || serviceAccount ? 'stored' : 'none is needed';
        },
      ),
    ),
    ...(policy?.notify.slack
      ? [
          row('secret: Slack', 'Store {"webhookUrl": "https://…"} in the secret Slack.', async () => {
            await secrets.slackWebhook(names.slack);
            return 'stored';
          }),
        ]
      : []),
  ]);
}

/** @param check Answers what to say of a good one. */
async function row(name: string, remedy: string, check: () => Promise<string>): Promise<Check> {
  try {
    return pass(name, await check());
  } catch (error) {
    if (error instanceof DrydockError && error.name === 'SecretMissing') return fail(name, error.message, remedy);
    throw error;
  }
}

function isRsa(key: string): boolean {
  try {
    return createPrivateKey(key).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

/** The JSON that the secret has to contain for a provider. */
function keyName(provider: string, endpoint: ModelEndpoint | undefined): string {
  const source = endpoint?.credential;
  return `{"${source === undefined || source === 'none' ? provider : source.env}": "…"}`;
}
