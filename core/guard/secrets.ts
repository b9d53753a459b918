import { findSecrets, fingerprintOf } from '../secrets/known-secrets.ts';

/** Never the secret itself. */
interface Secret {
  what: string;
  line: number;
  fingerprint: string;
}

/** The first secret in `text` on a line that `before` does not contain and whose fingerprint is not allowed. */
export function findSecret(text: string, before: string, allowed: readonly string[] = []): Secret | undefined {
  const found = findSecrets(text);
  if (found.length === 0) return undefined;
  const known = new Set(before.split('\n'));
  const lines = text.split('\n');
  let [line, start] = [0, 0];
  for (const each of found) {
    while (each.offset > start + (lines[line]?.length ?? 0)) start += (lines[line++]?.length ?? 0) + 1;
    if (known.has(lines[line] ?? '')) continue;
    const fingerprint = fingerprintOf(text, each);
    if (!allowed.includes(fingerprint)) return { what: each.what, line: line + 1, fingerprint };
  }
  return undefined;
}
