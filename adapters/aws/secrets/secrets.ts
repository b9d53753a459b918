import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import type { ModelAccess } from '../../../core/ports/runtime/model-access.ts';
import { type AppSecret, keySince, parseAppSecret, validSecrets } from './app-secret.ts';

/** A rotated secret is seen by every function after this long. */
const freshMs = 300_000;
/** And by who looks for a newer one. */
export const newestMs = 10_000;

export interface Secrets {
  /** The text of a secret. @throws SecretMissing where it is empty or not there. */
  text(arn: string): Promise<string>;
  gitHubApp(arn: string): Promise<AppSecret>;
  /**
   * What may sign messages of the code host: during a rotation also what is about to be the secret, and for a day what was.
   * @param newest As with `versions`.
   */
  webhookSecrets(arn: string, newest: boolean): Promise<string[]>;
  /** Epoch milliseconds since which the private key of the App is there; undefined where there is none. */
  appKeySince(arn: string): Promise<number | undefined>;
  /** Epoch milliseconds at which a secret was last changed; undefined where nobody ever did. */
  changedAt(arn: string): Promise<number | undefined>;
  modelAccess(arn: string, provider: string): Promise<ModelAccess>;
  /** Address of Slack's incoming webhook. */
  slackWebhook(arn: string): Promise<string>;
  /**
   * The text of a secret, then the one it replaced and the one that is about to replace it, for what was made with any of
   * them. @param newest Asks again unless that
   * was done within seconds: somebody else may know a newer one.
   */
  versions(arn: string, newest: boolean): Promise<string[]>;
}

const slackSecret = z.object({ webhookUrl: z.url({ protocol: /^https$/ }).refine((url) => !url.includes('@')) });

/** Secrets Manager, asked once in five minutes per secret. Values are held in memory only, and are in no error. */
export function createSecrets(client: SecretsManagerClient, now: () => number): Secrets {
  const read = async (
    arn: string,
    VersionStage: 'AWSCURRENT' | 'AWSPREVIOUS' | 'AWSPENDING',
  ): Promise<string | undefined> => {
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
    const others = await Promise.all([read(arn, 'AWSPREVIOUS'), read(arn, 'AWSPENDING')]);
    return [...new Set([newest, ...others.filter((text) => text !== undefined)])];
  });
  const withPending = held(now, async (arn) => Promise.all([current(arn), read(arn, 'AWSPENDING')]));
  const changedAt = async (arn: string): Promise<number | undefined> => {
    const { LastChangedDate } = await client.send(new DescribeSecretCommand({ SecretId: arn }));
    return LastChangedDate?.getTime();
  };
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
    gitHubApp: async (arn) => parseAppSecret(await text(arn, freshMs), arn),
    async webhookSecrets(arn, newest) {
      const [there, next] = await withPending(arn, newest ? newestMs : freshMs);
      const valid = validSecrets(parseAppSecret(there, arn), now());
      const coming = next === undefined ? [] : parseAppSecret(next, arn).webhookSecrets.slice(0, 1);
      return [...new Set([...coming, ...valid])];
    },
    async appKeySince(arn) {
      const at = await changedAt(arn);
      return at === undefined ? undefined : (keySince(parseAppSecret(await text(arn, freshMs), arn)) ?? at);
    },
    changedAt,
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

const missing = (arn: string, reason: string): DrydockError =>
  new DrydockError('SecretMissing', `The secret ${arn} ${reason}.`, {
    remedy: `Put it there: aws secretsmanager put-secret-value --secret-id ${arn} --secret-string file://…; docs/aws.md has its form.`,
  });
