import { createPrivateKey } from 'node:crypto';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DrydockError } from '../../../core/errors.ts';
import { type AppSecret, parseAppSecret } from './app-secret.ts';

/** Writes the secret of the GitHub App, without permission to read it. */
interface AppSecretWriter {
  isStored(): Promise<boolean>;
  /**
   * @throws UsageError for an invalid App, or if one exists and `replace` is false. The message quotes nothing of it.
   */
  store(given: unknown, replace: boolean): Promise<void>;
}

/**
 * @param arn Of the secret.
 * @param rotation Enabled once there is a value: Secrets Manager would test the function on an empty secret, which fails.
 */
export function createAppSecretWriter(
  client: SecretsManagerClient,
  arn: string,
  rotation: { functionArn: string; days: number },
): AppSecretWriter {
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
      await client.send(
        new RotateSecretCommand({
          SecretId: arn,
          RotationLambdaARN: rotation.functionArn,
          RotationRules: { AutomaticallyAfterDays: rotation.days },
          RotateImmediately: false,
        }),
      );
    },
  };
}

const storedAlready = (): DrydockError =>
  new DrydockError('UsageError', 'The deployment already has a GitHub App.', {
    remedy: 'Use it, or replace it with --replace and delete the old app on GitHub.',
  });

function appOf(given: unknown): AppSecret {
  try {
    const app = parseAppSecret(JSON.stringify(given));
    if (isRsa(app.privateKey)) return app;
  } catch {
    // The error below has no `cause`, which could quote the key.
  }
  throw new DrydockError('UsageError', 'The request does not contain a GitHub App with its private key.');
}

function isRsa(key: string): boolean {
  try {
    return createPrivateKey(key).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
