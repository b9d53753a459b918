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
  /** ISO 8601. End of the older webhook secret's validity; without it, all secrets in the list are valid. */
  oldUntil: z.iso.datetime().optional(),
  /** Written by the rotation: the digest of the private key, and since when that key is stored. */
  keyDigest: z.string().optional(),
  keySince: z.iso.datetime().optional(),
});

/** The content of the GitHub App's secret, which a person, `drydock github setup` or a rotation writes. */
export type AppSecret = z.infer<typeof appSecret>;

/** @throws SecretMissing, which names invalid fields and never their values. */
export function parseAppSecret(text: string | undefined, name = 'of the GitHub App'): AppSecret {
  const parsed = appSecret.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const where = text === undefined ? 'has no value yet' : 'is not valid:  ';
  const paths =
    text === undefined ? '' : parsed.error.issues.map(({ path }) => path.join('.')).join(', ') || 'not JSON';
  throw new DrydockError('SecretMissing', `The secret ${name} ${where}${paths}.`, {
    remedy: 'Store it as described in docs/aws.md.',
  });
}

/** Currently valid webhook secrets, newest first. */
export const validSecrets = ({ webhookSecrets: [newest, ...older], oldUntil }: AppSecret, now: number): string[] => [
  ...(newest === undefined ? [] : [newest]),
  ...(oldUntil === undefined || now < Date.parse(oldUntil) ? older : []),
];

/** Epoch milliseconds since which the private key is stored, if a rotation has recorded that. */
export const keySince = ({ privateKey, keyDigest, keySince: since }: AppSecret): number | undefined =>
  since !== undefined && keyDigest === digestOf(privateKey) ? Date.parse(since) : undefined;

/** The start of a digest: enough to detect another key, and useless for guessing one. */
export const digestOf = (privateKey: string): string =>
  createHash('sha256').update(privateKey).digest('hex').slice(0, 16);

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}
