import { findSecrets, fingerprintOf } from '../secrets/known-secrets.ts';

/** Never the secret itself. */
interface Secret {
  what: string;
  line: number;
  fingerprint: string;
}

/** The first secret in `text` that `before` does not contain on this line and whose fingerprint is not allowed. */
export function findSecret(text: string, before: string, allowed: readonly string[] = []): Secret | undefined {
  const found = findSecrets(text);
  if (found.length === 0) return undefined;
  const known = new Set(before.split('\n'));
  // The first line of a private key is the same for all keys, so the value counts too.
  let values: ReadonlySet<string> | undefined;
  const lines = text.split('\n');
  let [line, start] = [0, 0];
  for (const each of found) {
    while (each.offset > start + (lines[line]?.length ?? 0)) start += (lines[line++]?.length ?? 0) + 1;
    const fingerprint = fingerprintOf(text, each);
    if (known.has(lines[line] ?? '')) {
      values ??= new Set(findSecrets(before).map((one) => fingerprintOf(before, one)));
      if (values.has(fingerprint)) continue;
    }
    if (!allowed.includes(fingerprint)) return { what: each.what, line: line + 1, fingerprint };
  }
  return undefined;
}
