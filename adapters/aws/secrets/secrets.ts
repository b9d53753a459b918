import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { credentialHeaderOf } from '../../../core/egress/credential-header.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { ModelEndpoint } from '../../../core/models/endpoint.ts';
import type { ModelAccess } from '../../../core/ports/runtime/model-access.ts';
import { type AppSecret, keySince, parseAppSecret, validSecrets } from './app-secret.ts';

/** Cache time in milliseconds; after it every function uses a rotated secret. */
const freshMs = 300_000;
/** Cache time for callers that request the newest version. */
export const newestMs = 10_000;

export interface Secrets {
  /** The text of a secret. @throws SecretMissing if it is empty or does not exist. */
  text(arn: string): Promise<string>;
  gitHubApp(arn: string): Promise<AppSecret>;
  /**
   * Secrets that are valid for webhook signatures, newest first: also the pending one during a rotation, and for a day
   * the previous one.
   * @param newest As with `versions`.
   */
  webhookSecrets(arn: string, newest: boolean): Promise<string[]>;
  /** Epoch milliseconds since which the private key of the App is stored; `undefined` if there is none. */
  appKeySince(arn: string): Promise<number | undefined>;
  /** Epoch milliseconds of the last change of a secret; `undefined` if it never had a value. */
  changedAt(arn: string): Promise<number | undefined>;
  /** The credential of a model provider: by its name, or as the policy says. None for Bedrock, where a role has access. */
  modelAccess(arn: string, provider: string, endpoint?: ModelEndpoint): Promise<ModelAccess>;
  /** A credential of the policy, which is stored beside the keys of the model providers. */
  credential(arn: string, name: string): Promise<string>;
  /** URL of Slack's incoming webhook. */
  slackWebhook(arn: string): Promise<string>;
  /** A value for messages, such as the secret that signs the outgoing webhook, stored beside the URL of Slack's. */
  messageSecret(arn: string, name: string): Promise<string>;
  /**
   * The current text of a secret, then the previous and the pending one, to verify values that were derived from any of
   * them.
   * @param newest Reads again unless that was done within seconds: another function may know a newer version.
   */
  versions(arn: string, newest: boolean): Promise<string[]>;
}

/** The secret of messages: the URL of Slack's webhook, and other values by the names in the policy. */
const slackSecret = z.object({ webhookUrl: z.url({ protocol: /^https$/ }).refine((url) => !url.includes('@')) });
const messageSecrets = z.record(z.string(), z.string());

/** Secrets Manager, read once in five minutes per secret. Values are held in memory only, and are in no error. */
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
  const text = cached(now, current);
  const perhaps = cached(now, (arn) => read(arn, 'AWSCURRENT'));
  const versions = cached(now, async (arn) => {
    const newest = await current(arn);
    const others = await Promise.all([read(arn, 'AWSPREVIOUS'), read(arn, 'AWSPENDING')]);
    return [...new Set([newest, ...others.filter((text) => text !== undefined)])];
  });
  const withPending = cached(now, async (arn) => Promise.all([current(arn), read(arn, 'AWSPENDING')]));
  const changedAt = async (arn: string): Promise<number | undefined> => {
    const { LastChangedDate } = await client.send(new DescribeSecretCommand({ SecretId: arn }));
    return LastChangedDate?.getTime();
  };
  const json = async <T>(arn: string, schema: z.ZodType<T>): Promise<T> => {
    const value = await text(arn, freshMs);
    try {
      return schema.parse(JSON.parse(value));
    } catch (error) {
      // A parser's message may quote the value.
      const where =
        error instanceof z.ZodError ? error.issues.map(({ path }) => path.join('.')).join(', ') : 'not JSON';
      throw missing(arn, `is not valid: ${where}`);
    }
  };
  return {
    text: (arn) => text(arn, freshMs),
    versions: (arn, newest) => versions(arn, newest ? newestMs : freshMs),
    slackWebhook: async (arn) => (await json(arn, slackSecret)).webhookUrl,
    async messageSecret(arn, name) {
      const value = new Map(Object.entries(await json(arn, messageSecrets))).get(name);
      if (value) return value;
      throw missing(arn, `has no ${name}, which notify.webhook of the policy names`);
    },
    gitHubApp: async (arn) => parseAppSecret(await text(arn, freshMs), arn),
    async webhookSecrets(arn, newest) {
      const [current, pending] = await withPending(arn, newest ? newestMs : freshMs);
      const valid = validSecrets(parseAppSecret(current, arn), now());
      const upcoming = pending === undefined ? [] : parseAppSecret(pending, arn).webhookSecrets.slice(0, 1);
      return [...new Set([...upcoming, ...valid])];
    },
    async appKeySince(arn) {
      const at = await changedAt(arn);
      return at === undefined ? undefined : (keySince(parseAppSecret(await text(arn, freshMs), arn)) ?? at);
    },
    changedAt,
    async modelAccess(arn, provider, endpoint) {
      const source = endpoint?.credential;
      if (source === 'none') return { mode: 'live' };
      // The role of the gateway signs, unless there is a key; where all models are those of Bedrock, the secret has no value.
      const signed = endpoint?.kind === 'bedrock' && source === undefined;
      if (signed && (await perhaps(arn, freshMs)) === undefined) return { mode: 'live' };
      const values = new Map(Object.entries(await json(arn, z.record(z.string(), z.string()))));
      const value = values.get(source?.env ?? provider);
      if (source !== undefined) {
        if (value) return { mode: 'live', header: credentialHeaderOf(source, value) };
        throw missing(arn, `has no ${source.env}, the credential of the model provider ${provider}`);
      }
      if (value) return { mode: 'live', ...(endpoint?.kind === 'vertex' ? { serviceAccount: value } : { key: value }) };
      if (signed) return { mode: 'live' };
      throw missing(arn, `has no key for the model provider ${provider}`);
    },
    async credential(arn, name) {
      const value = new Map(Object.entries(await json(arn, z.record(z.string(), z.string())))).get(name);
      if (value) return value;
      throw missing(arn, `has no credential ${name}, which the policy names`);
    },
  };
}

/** Caches reads by ARN, for the time that the caller accepts. A failed read is not cached. */
function cached<T>(now: () => number, read: (arn: string) => Promise<T>): (arn: string, freshMs: number) => Promise<T> {
  const known = new Map<string, { value: Promise<T>; at: number }>();
  return (arn, freshMs) => {
    const entry = known.get(arn);
    if (entry && now() - entry.at < freshMs) return entry.value;
    const next = { value: read(arn), at: now() };
    known.set(arn, next);
    next.value.catch(() => known.get(arn) === next && known.delete(arn));
    return next.value;
  };
}

const missing = (arn: string, reason: string): DrydockError =>
  new DrydockError('SecretMissing', `The secret ${arn} ${reason}.`, {
    remedy: `Store it: aws secretsmanager put-secret-value --secret-id ${arn} --secret-string file://…; see docs/aws.md for its format.`,
  });
