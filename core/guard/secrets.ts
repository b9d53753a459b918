import { findSecrets } from '../secrets/known-secrets.ts';

/** Kind and line of the first secret in `text` on a line that `before` does not contain. Never the secret itself. */
export function findSecret(text: string, before: string): { what: string; line: number } | undefined {
  const found = findSecrets(text);
  if (found.length === 0) return undefined;
  const known = new Set(before.split('\n'));
  const lines = text.split('\n');
  let [line, start] = [0, 0];
  for (const { what, offset } of found) {
    while (offset > start + (lines[line]?.length ?? 0)) start += (lines[line++]?.length ?? 0) + 1;
    if (!known.has(lines[line] ?? '')) return { what, line: line + 1 };
  }
  return undefined;
}
