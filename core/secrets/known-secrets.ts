import { createHash } from 'node:crypto';

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
  { what: 'a Discord webhook', shape: 'discord(?:app)?\\.com/api/webhooks/\\d{17,20}/[A-Za-z0-9_-]{60,}' },
  { what: 'a Teams webhook', shape: '[a-z0-9-]{1,60}\\.webhook\\.office\\.com/webhookb2/[A-Za-z0-9@/-]{80,}' },
  { what: 'a SendGrid key', shape: 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])' },
  { what: 'a Mailgun key', shape: 'key-(?=[a-z]*\\d)[0-9a-f]{32}(?![A-Za-z0-9_-])' },
  { what: 'a Telegram bot token', shape: '\\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])' },
  { what: 'a DigitalOcean token', shape: 'do[opr]_v1_[a-f0-9]{64}' },
  { what: 'a Hugging Face token', shape: 'hf_[A-Za-z]{34}(?![A-Za-z0-9_])' },
  { what: 'a Shopify token', shape: 'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}' },
  { what: 'a Square token', shape: 'sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}' },
  { what: 'a Databricks token', shape: 'dapi[a-f0-9]{32}(?![A-Za-z0-9])' },
  { what: 'a Doppler token', shape: 'dp\\.(?:pt|st|ct|sa)\\.[A-Za-z0-9._-]{40,}' },
  { what: 'a Docker Hub token', shape: 'dckr_[po]at_[A-Za-z0-9_-]{27,}' },
  { what: 'a Grafana token', shape: 'gl(?:sa_[A-Za-z0-9]{32}_[a-f0-9]{8}|c_eyJ[A-Za-z0-9+/=]{32,})' },
  { what: 'a Vault token', shape: 'hv[sb]\\.[A-Za-z0-9_-]{24,}' },
  { what: 'a Terraform token', shape: '[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,}' },
  { what: 'a Linear key', shape: 'lin_(?:api|oauth)_[A-Za-z0-9]{40,}' },
  { what: 'a Notion token', shape: 'ntn_[A-Za-z0-9]{43,}' },
  { what: 'a Figma token', shape: 'figd_[A-Za-z0-9_-]{38,}' },
  { what: 'a Postman key', shape: 'PMAK-[a-f0-9]{24}-[a-f0-9]{34}' },
  { what: 'a PlanetScale token', shape: 'pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_-]{32,}' },
  { what: 'a Pulumi token', shape: 'pul-[a-f0-9]{40}(?![A-Za-z0-9])' },
  { what: 'a RubyGems key', shape: 'rubygems_[a-f0-9]{48}' },
  { what: 'a crates.io token', shape: 'cio(?=[A-Za-z]*\\d)[A-Za-z0-9]{32}(?![A-Za-z0-9])' },
  { what: 'a New Relic key', shape: 'NRAK-[A-Z0-9]{27}' },
  { what: 'a Sentry token', shape: 'sntry[su]_[A-Za-z0-9_=+/-]{60,}' },
  { what: 'a Google OAuth secret', shape: 'GOCSPX-[A-Za-z0-9_-]{28}' },
  { what: 'an Atlassian token', shape: 'ATATT3xFfGF0[A-Za-z0-9_=-]{60,}' },
  { what: 'an Airtable token', shape: 'pat[A-Za-z0-9]{14}\\.[a-f0-9]{64}' },
  { what: 'a Replicate token', shape: 'r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])' },
  { what: 'a Groq key', shape: 'gsk_[A-Za-z0-9]{48,}' },
  { what: 'a Supabase token', shape: 'sbp_[a-f0-9]{40}' },
  { what: 'a Tailscale key', shape: 'tskey-[a-z]{1,20}-[A-Za-z0-9]{8,}-[A-Za-z0-9]{20,}' },
  { what: 'a Netlify token', shape: 'nf[pcou]_[A-Za-z0-9]{36}(?![A-Za-z0-9])' },
  { what: 'a 1Password token', shape: 'ops_eyJ[A-Za-z0-9_-]{60,}' },
  { what: 'an age key', shape: 'AGE-SECRET-KEY-1[A-Z0-9]{58}' },
  { what: 'an Azure storage key', shape: 'AccountKey=[A-Za-z0-9+/]{86}==' },
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
  /** Of what was matched, which of keys and addresses is only the beginning. */
  length: number;
}

/** Kind and offset of each credential in a text, in order. Documented examples (`…EXAMPLE`) do not count. */
export function findSecrets(text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const match of text.matchAll(all)) {
    const kind = match.slice(1).findIndex((group) => group !== undefined);
    if (!match[0].includes('EXAMPLE'))
      found.push({ what: names[kind] ?? '', offset: match.index, length: match[0].length });
  }
  return found;
}

/** A private key to its end, or to the end of the text. */
const wholeKey = /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END )[\s\S]){0,20000}/g;

/** A text for a log, in which no known credential is left. */
export const withoutKnownSecrets = (text: string): string =>
  text.replace(wholeKey, '[redacted]').replace(all, (found) => (found.includes('EXAMPLE') ? found : '[redacted]'));

/** Characters of a key that a fingerprint covers. */
const maxCovered = 8_000;

/** Names a found value without telling it: SHA-256 over its kind and value, 24 hex digits. */
export function fingerprintOf(text: string, found: FoundSecret): string {
  return createHash('sha256')
    .update(`${found.what}\n${valueAt(text, found)}`)
    .digest('hex')
    .slice(0, 24);
}

/** The same value in other texts is the same, whatever stands around it. */
function valueAt(text: string, { what, offset, length }: FoundSecret): string {
  const matched = text.slice(offset, offset + length);
  if (what === 'a private key') {
    // All of the key: the beginnings of keys of one kind are the same. Line ends, quotes and margins are not a part of it.
    const rest = text.slice(offset, offset + maxCovered).replace(/^-----BEGIN [A-Z0-9 ]{0,60}-----/, '');
    const end = rest.indexOf('-----');
    const lines = end < 0 ? rest : rest.slice(0, end);
    const isWhole = rest.startsWith('-----END', end);
    const body = isWhole ? lines : (/^[A-Za-z0-9+/=\s"'`\\,|>*#.-]*/.exec(lines)?.[0] ?? '');
    return body
      .replace(/\\[nrt]/g, '')
      .replace(/["'`]\s{0,200}\+\s{0,200}["'`]/g, '')
      .replace(/[^A-Za-z0-9+/=]/g, '');
  }
  if (what !== 'a password in a URL') return matched;
  return matched + (/^[\w.:-]{0,300}/.exec(text.slice(offset + length, offset + length + 300))?.[0] ?? '');
}
