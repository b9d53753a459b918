import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { DrydockError } from '../../core/errors.ts';
import type { ModelAccess } from '../../pipeline/deps.ts';

/** A rotated secret is seen by every function after this long. */
const freshMs = 300_000;

/** What a person or `drydock github setup` puts into the secret of the GitHub App. */
const appSecret = z.object({
  appId: z.coerce.number().int().positive(),
  privateKey: z.string().min(1),
  /** Newest first; two during a rotation. */
  webhookSecrets: z.array(z.string().min(1)).min(1).max(2),
  apiUrl: z.url().default('https://api.github.com'),
  gitUrl: z.url().default('https://github.com'),
});
export type AppSecret = z.infer<typeof appSecret>;

export interface Secrets {
  /** The text of a secret. @throws SecretMissing where it is empty or not there. */
  text(arn: string): Promise<string>;
  gitHubApp(arn: string): Promise<AppSecret>;
  /** Epoch milliseconds at which a secret was last changed; undefined where nobody ever did. */
  changedAt(arn: string): Promise<number | undefined>;
  modelAccess(arn: string, provider: string): Promise<ModelAccess>;
}

/** Secrets Manager, asked once in five minutes per secret. Values are held in memory only, and are in no error. */
export function createSecrets(client: SecretsManagerClient, now: () => number): Secrets {
  const held = new Map<string, { text: Promise<string>; at: number }>();
  const read = async (arn: string): Promise<string> => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
      if (SecretString) return SecretString;
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
    throw missing(arn, 'has no value yet');
  };
  const text = (arn: string): Promise<string> => {
    const known = held.get(arn);
    if (known && now() - known.at < freshMs) return known.text;
    const fresh = read(arn);
    held.set(arn, { text: fresh, at: now() });
    // What failed is asked for again.
    fresh.catch(() => held.delete(arn));
    return fresh;
  };
  const json = async <T>(arn: string, schema: z.ZodType<T>): Promise<T> => {
    const value = await text(arn);
    try {
      return schema.parse(JSON.parse(value));
    } catch (error) {
      // A parser's message may quote what it read.
      const where =
        error instanceof z.ZodError ? error.issues.map(({ path }) => path.join('.')).join(', ') : 'not JSON';
      throw missing(arn, `is not as it should be: ${where}`);
    }
  };
  return {
    text,
    gitHubApp: (arn) => json(arn, appSecret),
    async changedAt(arn) {
      const { LastChangedDate } = await client.send(new DescribeSecretCommand({ SecretId: arn }));
      return LastChangedDate?.getTime();
    },
    async modelAccess(arn, provider) {
      const key = (await json(arn, z.record(z.string(), z.string())))[provider];
      if (key) return { mode: 'live', key };
      throw missing(arn, `holds no key for the model provider ${provider}`);
    },
  };
}

const missing = (arn: string, why: string): DrydockError =>
  new DrydockError('SecretMissing', `The secret ${arn} ${why}.`, {
    remedy: `Put it there: aws secretsmanager put-secret-value --secret-id ${arn} --secret-string file://…; docs/aws.md has its form.`,
  });
