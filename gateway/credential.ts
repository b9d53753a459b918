import type { CredentialHeader } from '../core/egress/rule.ts';
import type { Replacement } from './replace.ts';

const redacted = '[redacted]';
/** A text that is shorter would be found by chance. */
const minSecret = 6;

/** The secrets in a header: its value, without its scheme, and user and password as they are before their encoding. */
function secretsIn({ value }: CredentialHeader): string[] {
  const [, scheme = '', token = value] = /^(Bearer|Basic) (.+)$/.exec(value) ?? [];
  if (scheme !== 'Basic') return [token];
  const pair = Buffer.from(token, 'base64').toString('utf8');
  return [token, pair, pair.slice(pair.indexOf(':') + 1)];
}

/** What a longer text with a secret in it has of the secret in base64, where so many bytes stand before it. */
function within(secret: Buffer, before: number, form: 'base64' | 'base64url'): string {
  const whole = Buffer.concat([Buffer.alloc(before), secret]);
  return whole
    .subarray(0, whole.length - (whole.length % 3))
    .toString(form)
    .slice(before === 0 ? 0 : 4);
}

/**
 * What replaces a credential in answers of its host, which may echo it, in the forms in which programs write it: as it
 * is, in JSON, in a URL, in base64, also of a longer text, and in hexadecimal.
 */
export function redactions(header: CredentialHeader): Replacement[] {
  const forms = secretsIn(header).flatMap((secret) => {
    const bytes = Buffer.from(secret, 'utf8');
    const hex = bytes.toString('hex');
    return [
      bytes.toString('latin1'),
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      bytes.toString('base64').replace(/={1,2}$/, ''),
      bytes.toString('base64url'),
      ...[0, 1, 2].flatMap((before) => (['base64', 'base64url'] as const).map((form) => within(bytes, before, form))),
      hex,
      hex.toUpperCase(),
    ];
  });
  return [...new Set(forms)]
    .filter((form) => form.length >= minSecret)
    .sort((a, b) => b.length - a.length)
    .map((from) => ({ from, to: redacted }));
}

/** A text, such as a header of an answer, without the credential. */
export const withoutSecrets = (text: string, replacements: readonly Replacement[]): string =>
  replacements.reduce((clean, { from, to }) => clean.replaceAll(from, to), text);
