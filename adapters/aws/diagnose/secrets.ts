import { createPrivateKey } from 'node:crypto';
import { type Check, fail, pass } from '../../../core/doctor/finding.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { Secrets } from '../secrets/secrets.ts';

interface SecretNames {
  github: string;
  models: string;
  slack: string;
  deployment: string;
}

/** Whether each secret has a value of its form. What it is stays here: rows say where something is missing. */
export async function secretChecks(secrets: Secrets, names: SecretNames, policy: Policy | undefined): Promise<Check[]> {
  const providers = new Set(Object.values(policy?.agents.profiles ?? {}).flatMap(({ provider }) => provider ?? []));
  return Promise.all([
    row('secret: GitHub App', 'Run `drydock github setup --stack NAME`, or see docs/aws.md, Deploy.', async () => {
      const { privateKey } = await secrets.gitHubApp(names.github);
      if (!isRsa(privateKey)) throw new DrydockError('SecretMissing', 'privateKey is no RSA private key in PEM.');
    }),
    row('secret: deployment key', 'Deploy DrydockState again, which makes one.', async () => {
      await secrets.text(names.deployment);
    }),
    ...[...providers].map((provider) =>
      row(
        `secret: model key ${provider}`,
        `Put {"${provider}": "…"} into the secret ModelKeys; see docs/aws.md, Deploy.`,
        () => secrets.modelAccess(names.models, provider),
      ),
    ),
    ...(policy?.notify.slack
      ? [row('secret: Slack', 'Put {"webhookUrl": "https://…"} there.', () => secrets.slackWebhook(names.slack))]
      : []),
  ]);
}

async function row(name: string, remedy: string, look: () => Promise<unknown>): Promise<Check> {
  try {
    await look();
    return pass(name, 'there');
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
