/** What looks like a credential. A spec is committed, shown and sent to a model: none belongs in it. */

// Prefixes that their issuers publish so that scanners can find them.
const issued = [
  'gh[pousr]_[A-Za-z0-9._-]{36,}',
  'github_pat_[A-Za-z0-9_]{22,}',
  'glpat-[A-Za-z0-9_-]{20,}',
  '(?:AKIA|ASIA)[A-Z0-9]{16}',
  'AIza[A-Za-z0-9_-]{35}',
  'sk-[A-Za-z0-9_-]{20,}',
  '[rs]k_(?:live|test)_[A-Za-z0-9]{16,}',
  'xox[abeprs]-[A-Za-z0-9-]{10,}',
  'npm_[A-Za-z0-9]{36}',
  'pypi-[A-Za-z0-9_-]{50,}',
  'eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]+',
];
// Not in the middle of a word (`task-runner…`), which also keeps the search linear. Then keys, and passwords in URLs.
const tokens = new RegExp(
  `(?<![A-Za-z0-9_-])(?:${issued.join('|')})|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^\\s/:@"']+:[^\\s/@"']+@`,
);
const tokensEach = new RegExp(tokens, 'g');

const secretName =
  /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH|APIKEY|PAT|PWD)(?:_|$)|(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|SERVICE)_?KEY/i;
const harmless =
  /^(?:|true|false|yes|no|on|off|none|null|\d{1,9}|dummy|test|testing|example|fake|placeholder|changeme)$/i;

/** Offsets of credentials of known form in a text; documented examples (`…EXAMPLE`) do not count. */
export function secretOffsets(text: string): number[] {
  if (!tokens.test(text)) return [];
  return [...text.matchAll(tokensEach)].filter((match) => !/EXAMPLE/.test(match[0])).map((match) => match.index);
}

/** Whether an environment variable has the name or the look of a credential. The value never goes into a message. */
export function isSecretShaped(name: string, value: string): boolean {
  if (harmless.test(value)) return false;
  return (
    secretName.test(name) ||
    (/^[A-Za-z0-9+/_=-]{32,}$/.test(value) && entropy(value) > 3.6 && /\d/.test(value) && /[A-Za-z]/.test(value))
  );
}

/** Shannon entropy in bits per character. Random hex has close to 4, random base64 close to 5.5, words under 3.5. */
function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

/** Variables the sandbox sets itself; another value would break it or point it elsewhere. */
export const isReservedVariable = (name: string): boolean =>
  /^(?:DRYDOCK_.*|PATH|HOME|TMPDIR|LD_PRELOAD|LD_LIBRARY_PATH|BASH_ENV|ENV|npm_config_registry|(?:HTTPS?|ALL|NO)_PROXY)$/i.test(
    name,
  );
