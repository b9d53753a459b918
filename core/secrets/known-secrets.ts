/**
 * The only list of credential formats: lint refuses a spec with a credential, the guard refuses a change that adds one,
 * and logs do not store one. Sources: the issuers' documentation. ADR 13 has the measurements.
 */
const kinds: { what: string; shape: string }[] = [
  { what: 'a GitHub token', shape: 'gh[pousr]_[A-Za-z0-9._-]{36,}|github_pat_[A-Za-z0-9_]{22,}' },
  { what: 'a GitLab token', shape: 'glpat-[A-Za-z0-9_-]{20,}' },
  { what: 'an AWS access key', shape: '(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])' },
  { what: 'a Google API key', shape: 'AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])' },
  { what: 'an OpenAI or Anthropic key', shape: 'sk-(?=[A-Za-z_-]*\\d)[A-Za-z0-9_-]{20,}' },
  { what: 'a Stripe key', shape: '[rs]k_(?:live|test)_[A-Za-z0-9]{16,}' },
  { what: 'a Slack token', shape: 'xox[abeprs]-[A-Za-z0-9-]{20,}' },
  { what: 'an npm token', shape: 'npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])' },
  { what: 'a PyPI token', shape: 'pypi-[A-Za-z0-9_-]{50,}' },
  { what: 'a signed token (JWT)', shape: 'eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]+' },
  { what: 'a Slack webhook', shape: 'hooks\\.slack\\.com/services/T\\w+/B\\w+/\\w{20,}' },
];
// Not in the middle of a word (`task-runner…`), which also keeps the search linear.
const issued = `(?<![A-Za-z0-9_-])(?:${kinds.map(({ shape }) => `(${shape})`).join('|')})`;
const anyCase = (letters: string): string =>
  letters.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
/** An AWS secret key has no specific format; it is recognised by the name before it. */
const awsSecret = `((?:${anyCase('aws')}_?${anyCase('secret')}_?(?:${anyCase('access')}_?)?|${anyCase('secret')}_?${anyCase('access')}_?)${anyCase('key')}["']?\\s{0,9}[=:]\\s{0,9}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))`;
/**
 * The first line of a key. In a string literal the key must follow, because code that reads keys contains this line.
 */
const literalEnd = '[.,;:]?["\'`)\\]/|]|[,;]|\\\\(?![nr])';
const literalKey = '[^A-Za-z0-9]{1,20}(?:[nr]["\'`+\\s\\\\]{0,20}){0,2}[A-Za-z0-9+/]{40}';
const privateKey = `(-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?!${literalEnd})|${literalKey}))`;
/** A password in a URL, except variables and other placeholders, and except URLs of this machine. */
const inUrl =
  '(://[^\\s/:@"\'`<>{}$]{1,100}:(?![*$%{<[]|x{3,}@|\\.{3})[^\\s/@"\'`<>{}]{1,200}@(?!localhost|127\\.|\\[::1\\])[A-Za-z0-9[])';
const names = [...kinds.map(({ what }) => what), 'an AWS secret key', 'a private key', 'a password in a URL'];
const all = new RegExp(`${issued}|${awsSecret}|${privateKey}|${inUrl}`, 'g');

export interface FoundSecret {
  what: string;
  offset: number;
}

/** Kind and offset of each credential in a text, in order. Documented examples (`…EXAMPLE`) do not count. */
export function findSecrets(text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const match of text.matchAll(all)) {
    const kind = match.slice(1).findIndex((group) => group !== undefined);
    if (!match[0].includes('EXAMPLE')) found.push({ what: names[kind] ?? '', offset: match.index });
  }
  return found;
}

/** A private key to its end, or to the end of the text. */
const wholeKey = /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END )[\s\S]){0,20000}/g;

/** A text for a log, in which no known credential is left. */
export const withoutKnownSecrets = (text: string): string =>
  text.replace(wholeKey, '[redacted]').replace(all, (found) => (found.includes('EXAMPLE') ? found : '[redacted]'));
