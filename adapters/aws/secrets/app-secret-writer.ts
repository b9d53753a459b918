import { createPrivateKey } from 'node:crypto';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DrydockError } from '../../../core/errors.ts';
import { type AppSecret, parseAppSecret } from './app-secret.ts';

/** The secret of the GitHub App, for whoever may write it and not read it. */
interface AppSecretWriter {
  isStored(): Promise<boolean>;
  /** @throws UsageError for what is no App, or where there is one that is not to be replaced. Nothing of it is quoted. */
  store(given: unknown, replace: boolean): Promise<void>;
}

export function createAppSecretWriter(client: SecretsManagerClient, arn: string): AppSecretWriter {
  const isStored = async (): Promise<boolean> => {
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: arn }));
    return Object.values(VersionIdsToStages ?? {}).some((stages) => stages.includes('AWSCURRENT'));
  };
  return {
    isStored,
    async store(given, replace) {
      const app = appOf(given);
      if (!replace && (await isStored())) throw storedAlready();
      await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: JSON.stringify(app) }));
    },
  };
}

const storedAlready = (): DrydockError =>
  new DrydockError('UsageError', 'The deployment has a GitHub App already.', {
    remedy: 'Use it; or replace it with --replace, and delete the old app on GitHub.',
  });

function appOf(given: unknown): AppSecret {
  try {
    const app = parseAppSecret(JSON.stringify(given));
    if (isRsa(app.privateKey)) return app;
  } catch {
    // said below
  }
  throw new DrydockError('UsageError', 'What was sent is not a GitHub App with its private key.');
}

function isRsa(key: string): boolean {
  try {
    return createPrivateKey(key).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
