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
/** And by who looks for a newer one. */
const newestMs = 10_000;

/** What a person or `drydock github setup` puts into the secret of the GitHub App. */
export const appSecret = z.object({
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
  /** Address of Slack's incoming webhook. */
  slackWebhook(arn: string): Promise<string>;
  /**
   * The text of a secret, then the one it replaced, for what was made with either. @param newest Asks again unless that
   * was done within seconds: somebody else may know a newer one.
   */
  versions(arn: string, newest: boolean): Promise<string[]>;
}

const slackSecret = z.object({ webhookUrl: z.url({ protocol: /^https$/ }).refine((url) => !url.includes('@')) });

/** Secrets Manager, asked once in five minutes per secret. Values are held in memory only, and are in no error. */
export function createSecrets(client: SecretsManagerClient, now: () => number): Secrets {
  const read = async (arn: string, VersionStage: 'AWSCURRENT' | 'AWSPREVIOUS'): Promise<string | undefined> => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage }));
      return SecretString || undefined;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
  const current = async (arn: string): Promise<string> => {
    const text = await read(arn, 'AWSCURRENT');
    if (text !== undefined) return text;
    throw missing(arn, 'has no value yet');
  };
  const text = held(now, current);
  const both = held(now, async (arn) => {
    const newest = await current(arn);
    const previous = await read(arn, 'AWSPREVIOUS');
    return [newest, ...(previous === undefined ? [] : [previous])];
  });
  const json = async <T>(arn: string, schema: z.ZodType<T>): Promise<T> => {
    const value = await text(arn, freshMs);
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
    text: (arn) => text(arn, freshMs),
    versions: (arn, newest) => both(arn, newest ? newestMs : freshMs),
    slackWebhook: async (arn) => (await json(arn, slackSecret)).webhookUrl,
    gitHubApp: (arn) => json(arn, appSecret),
    async changedAt(arn) {
      const { LastChangedDate } = await client.send(new DescribeSecretCommand({ SecretId: arn }));
      return LastChangedDate?.getTime();
    },
    async modelAccess(arn, provider) {
      const keys = new Map(Object.entries(await json(arn, z.record(z.string(), z.string()))));
      const key = keys.get(provider);
      if (key) return { mode: 'live', key };
      throw missing(arn, `holds no key for the model provider ${provider}`);
    },
  };
}

/** What was read, by ARN, for as long as whoever asks takes it to be fresh. What failed is read again. */
function held<T>(now: () => number, read: (arn: string) => Promise<T>): (arn: string, freshMs: number) => Promise<T> {
  const known = new Map<string, { value: Promise<T>; at: number }>();
  return (arn, freshMs) => {
    const there = known.get(arn);
    if (there && now() - there.at < freshMs) return there.value;
    const entry = { value: read(arn), at: now() };
    known.set(arn, entry);
    entry.value.catch(() => known.get(arn) === entry && known.delete(arn));
    return entry.value;
  };
}

const missing = (arn: string, why: string): DrydockError =>
  new DrydockError('SecretMissing', `The secret ${arn} ${why}.`, {
    remedy: `Put it there: aws secretsmanager put-secret-value --secret-id ${arn} --secret-string file://…; docs/aws.md has its form.`,
  });
