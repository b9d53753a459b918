import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSecret } from '../../../../core/guard/secrets.ts';
import { findSecrets } from '../../../../core/secrets/known-secrets.ts';
import { parseSpec } from '../../../../core/task-spec/parse.ts';

/** Letters and digits without a meaning. Put together here, so that no scanner takes this file for a leak. */
const some = (length: number, letters = 'Zk3Qx9Lm2Vt7Bn4Rw8Hc6Yd5Jf1Gs0Pa'): string =>
  Array.from({ length }, (_, i) => letters[(i * 7 + (i >> 3)) % letters.length]).join('');
const digits = (length: number): string => some(length, '3190752864');
const hex = (length: number): string => some(length, '3f1a907c5b2e8d64');
const pem = (kind: string): string => `-----BEGIN ${kind}PRIVATE KEY-----`;

const secrets: [string, string, string][] = [
  ['a GitHub token', 'personal', `ghp_${some(36)}`],
  ['a GitHub token', 'of an installation, signed', `ghs_${some(20)}.${some(60)}.${some(43)}`],
  ['a GitHub token', 'fine-grained', `github_pat_${some(22)}_${some(59)}`],
  ['a GitLab token', 'personal', `glpat-${some(20)}`],
  ['an AWS access key', 'of a user', `AKIA${some(16).toUpperCase()}`],
  ['an AWS access key', 'of a session', `ASIA${some(16).toUpperCase()}`],
  ['an AWS secret key', 'in a profile', `aws_secret_access_key = ${some(40)}`],
  ['an AWS secret key', 'in an environment', `AWS_SECRET_ACCESS_KEY="${some(40)}"`],
  ['an AWS secret key', 'under a longer name', `PROD_AWS_SECRET_KEY=${some(40)}`],
  ['an AWS secret key', 'in program text', `secretAccessKey: '${some(40)}'`],
  ['a Google API key', '', `AIza${some(35)}`],
  ['an OpenAI or Anthropic key', 'of OpenAI', `sk-proj-${some(48)}`],
  ['an OpenAI or Anthropic key', 'of Anthropic', `sk-ant-api03-${some(93)}`],
  ['a Stripe key', 'live', `sk_live_${some(24)}`],
  ['a Stripe key', 'restricted', `rk_test_${some(24)}`],
  ['a Slack token', 'of a bot', `xoxb-${digits(12)}-${digits(12)}-${some(24)}`],
  ['a Slack webhook', '', `https://hooks.slack.com/services/T${some(8)}/B${some(8)}/${some(24)}`],
  ['an npm token', '', `npm_${some(36)}`],
  ['a PyPI token', '', `pypi-AgEIcHlwaS5vcmc${some(60)}`],
  ['a signed token (JWT)', '', `eyJ${some(20)}.eyJ${some(20)}.${some(43)}`],
  ['a private key', 'of RSA', `${pem('RSA ')}`],
  ['a private key', 'of OpenSSH', `${pem('OPENSSH ')}`],
  ['a private key', 'in one line of program text', `'${pem('')}\\n${some(64)}'`],
  ['a private key', 'put together in program text', `'${pem('')}\\n' + '${some(64)}'`],
  ['a Discord webhook', '', `https://discord.com/api/webhooks/${digits(18)}/${some(68)}`],
  [
    'a Teams webhook',
    '',
    `https://acme.webhook.office.com/webhookb2/${some(36)}@${some(36)}/IncomingWebhook/${some(32)}`,
  ],
  ['a SendGrid key', '', `SG.${some(22)}.${some(43)}`],
  ['a Mailgun key', '', `key-${hex(32)}`],
  ['a Telegram bot token', '', `${digits(10)}:AA${some(33)}`],
  ['a DigitalOcean token', 'personal', `dop_v1_${hex(64)}`],
  ['a Hugging Face token', '', `hf_${some(34, 'ZkQxLmVtBnRwHcYdJfGsPa')}`],
  ['a Shopify token', 'of an app', `shpat_${hex(32)}`],
  ['a Square token', '', `sq0atp-${some(22)}`],
  ['a Databricks token', '', `dapi${hex(32)}`],
  ['a Doppler token', '', `dp.pt.${some(43)}`],
  ['a Docker Hub token', '', `dckr_pat_${some(27)}`],
  ['a Grafana token', 'of a service account', `glsa_${some(32)}_${hex(8)}`],
  ['a Vault token', '', `hvs.${some(90)}`],
  ['a Terraform token', '', `${some(14)}.atlasv1.${some(67)}`],
  ['a Linear key', '', `lin_api_${some(40)}`],
  ['a Notion token', '', `ntn_${some(46)}`],
  ['a Figma token', '', `figd_${some(40)}`],
  ['a Postman key', '', `PMAK-${hex(24)}-${hex(34)}`],
  ['a PlanetScale token', '', `pscale_tkn_${some(43)}`],
  ['a Pulumi token', '', `pul-${hex(40)}`],
  ['a RubyGems key', '', `rubygems_${hex(48)}`],
  ['a crates.io token', '', `cio${some(32)}`],
  ['a New Relic key', '', `NRAK-${some(27).toUpperCase()}`],
  ['a Sentry token', 'of a user', `sntryu_${hex(64)}`],
  ['a Google OAuth secret', '', `GOCSPX-${some(28)}`],
  ['an Atlassian token', '', `ATATT3xFfGF0${some(172)}`],
  ['an Airtable token', '', `pat${some(14)}.${hex(64)}`],
  ['a Replicate token', '', `r8_${some(37)}`],
  ['a Groq key', '', `gsk_${some(52)}`],
  ['a Supabase token', '', `sbp_${hex(40)}`],
  ['a Tailscale key', '', `tskey-auth-${some(12)}-${some(32)}`],
  ['a Netlify token', '', `nfp_${some(36)}`],
  ['a 1Password token', '', `ops_eyJ${some(120)}`],
  ['an age key', '', `AGE-SECRET-KEY-1${some(58).toUpperCase()}`],
  ['an Azure storage key', '', `DefaultEndpointsProtocol=https;AccountKey=${some(86)}==`],
  ['a password in a URL', 'of a database', `postgres://app:${some(12)}@db.example.com/app`],
  ['a password in a URL', 'of a proxy', `http://user:${some(8)}@10.0.0.1:3128`],
];

const harmless = [
  'AKIAIOSFODNN7EXAMPLE',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'task-runner-for-everything-we-do-and-more',
  'risk-assessment-of-the-whole-of-the-system',
  'https://example.com:8080/a@b',
  'git@github.com:acme/calc.git',
  `if (!text.startsWith("${pem('')}")) throw new Error();`,
  `/^${pem('RSA ')}/.test(text)`,
  `const header = '${pem('EC ')}';`,
  `The file begins with "${pem('')}."`,
  'xoxb-local-test',
  'sk-learn-and-other-packages-of-python',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template
  'postgres://app:${PASSWORD}@db/app',
  'https://user:<password>@example.com',
  'https://user:***@example.com',
  'postgres://postgres:postgres@localhost:5432/test',
  'redis://:@127.0.0.1:6379',
  `sha512-${some(86)}==`,
  `aws_secret_access_key = ${'$'}{SECRET}`,
];

const spec = (text: string): Uint8Array =>
  new TextEncoder().encode(
    `# ${text}\ntask_id: A-1\nrepository: a/b\ntarget_branch: main\noutput_branch_prefix: agent/x\ninstructions: Fix src/a.ts.\nconstraints: []\n`,
  );
const lint = (text: string): boolean => parseSpec('a.yaml', spec(text)).problems.some(({ rule }) => rule === 'secret');

describe('a secret of known form', () => {
  it.each(secrets)('%s %s is refused by lint and by the guard', (what, _, secret) => {
    expect(findSecrets(`x ${secret} y`).map((found) => found.what)).toContain(what);
    expect(findSecret(`a\nb ${secret} c\n`, 'a\n')).toEqual({ what, line: 2, fingerprint: expect.any(String) });
    expect(lint(secret)).toBe(true);
  });

  it('is known by at least 30 kinds', () => {
    expect(new Set(secrets.map(([what]) => what)).size).toBeGreaterThanOrEqual(30);
  });

  it.each(secrets)('%s %s is allowed by its fingerprint, and no other one is', (_, __, secret) => {
    const value = secret.endsWith('-----') ? `${secret}\n${some(64)}` : secret;
    const { fingerprint = '' } = findSecret(`x = ${value}`, '') ?? {};
    expect(fingerprint).toMatch(/^[0-9a-f]{24}$/);
    expect(findSecret(`\nother.place('a', ${value} )`, '', [fingerprint])).toBeUndefined();
    const other = value.replace(/([A-Za-z0-9]{6})(?![A-Za-z0-9])(?!.*[A-Za-z0-9]{8})/s, (end) =>
      [...end].reverse().join(''),
    );
    expect(other).not.toBe(value);
    expect(findSecret(`x = ${other}`, '', [fingerprint])).toBeDefined();
  });

  it.each<[string, (key: string) => string, (key: string) => string]>([
    [
      'lines that are short',
      (key) => `${pem('')}\n${key.replace(/(.{12})/g, '$1\n')}\n-----END PRIVATE KEY-----`,
      (key) => `${pem('')}\n${key}\n-----END PRIVATE KEY-----`,
    ],
    [
      'a key without an end',
      (key) => `${pem('OPENSSH ')}\n${some(70, 'b3Bl')}\n${key}\n`,
      (key) => `${pem('OPENSSH ')}\n${some(70, 'b3Bl')}\n${key}\n`,
    ],
    [
      'a key in program text',
      (key) => `'${pem('')}\\n${some(64)}\\n' +\n  '${key}\\n'`,
      (key) => `${pem('')}\n${some(64)}\n${key}\n`,
    ],
  ])('a fingerprint is that of all of a private key: %s', (_, write, writeAgain) => {
    const [key, other] = [some(60), some(60, 'aP0sG1fJ5dY6cH8wR4nB7tV2mL9xQ3kZ')];
    const { fingerprint = '' } = findSecret(write(key), '') ?? {};
    expect(findSecret(writeAgain(key), '', [fingerprint])).toBeUndefined();
    expect(findSecret(write(other), '', [fingerprint])).toBeDefined();
    // The line on which it begins was there.
    expect(findSecret(write(other), write(key))).toBeDefined();
    expect(findSecret(write(key), write(key))).toBeUndefined();
  });

  it.each(harmless)('%s is none, for lint and for the guard', (text) => {
    expect(findSecrets(text)).toEqual([]);
    expect(findSecret(text, '')).toBeUndefined();
    expect(lint(text)).toBe(false);
  });

  it('is the same to both doors, whatever the text', () => {
    const piece = fc.oneof(fc.constantFrom(...secrets.map(([, , secret]) => secret), ...harmless), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
        const text = pieces.join(' ').replace(/[^\x20-\x7e]/g, ' ');
        expect(findSecret(text, '') !== undefined).toBe(lint(text));
      }),
    );
  });

  it('is found in the line it is in, and not in a line that was there', () => {
    const [[, , secret] = ['', '', '']] = secrets;
    const text = `first\n${secret}\nlast\n x ${secret}`;
    expect(findSecret(text, '')).toMatchObject({ line: 2 });
    expect(findSecret(text, `${secret}\n`)).toMatchObject({ line: 4 });
    expect(findSecret(text, text)).toBeUndefined();
  });
});
