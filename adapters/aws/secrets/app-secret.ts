import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';

const appSecret = z.object({
  appId: z.coerce.number().int().positive(),
  privateKey: z.string().min(1),
  /** Newest first; two during a rotation. */
  webhookSecrets: z.array(z.string().min(1)).min(1).max(2),
  apiUrl: z.url().default('https://api.github.com'),
  gitUrl: z.url().default('https://github.com'),
  /** ISO 8601: until when the older webhook secret counts. Always, where a person wrote them and not the rotation. */
  oldUntil: z.iso.datetime().optional(),
  /** Written by the rotation: which private key it found, and since when that is there. */
  keyDigest: z.string().optional(),
  keySince: z.iso.datetime().optional(),
});

/** What a person, `drydock github setup` or a rotation puts into the secret of the GitHub App. */
export type AppSecret = z.infer<typeof appSecret>;

/** @throws SecretMissing, which says where it is not as it should be and nothing that is in it. */
export function parseAppSecret(text: string | undefined, name = 'of the GitHub App'): AppSecret {
  const parsed = appSecret.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const where = text === undefined ? 'has no value yet' : 'is not as it should be: ';
  const paths =
    text === undefined ? '' : parsed.error.issues.map(({ path }) => path.join('.')).join(', ') || 'not JSON';
  throw new DrydockError('SecretMissing', `The secret ${name} ${where}${paths}.`, {
    remedy: 'Put it there as docs/aws.md says.',
  });
}

/** Webhook secrets that count now, newest first. */
export const validSecrets = ({ webhookSecrets: [newest, ...older], oldUntil }: AppSecret, now: number): string[] => [
  ...(newest === undefined ? [] : [newest]),
  ...(oldUntil === undefined || now < Date.parse(oldUntil) ? older : []),
];

/** Epoch milliseconds since which the private key is there, as far as a rotation has written it down. */
export const keySince = ({ privateKey, keyDigest, keySince: since }: AppSecret): number | undefined =>
  since !== undefined && keyDigest === digestOf(privateKey) ? Date.parse(since) : undefined;

/** First part of a digest: enough to see that a key is another, and of no use to make one. */
export const digestOf = (privateKey: string): string =>
  createHash('sha256').update(privateKey).digest('hex').slice(0, 16);

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}
