import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSecret } from '../../../../core/guard/secrets.ts';
import { findSecrets } from '../../../../core/secrets/known-secrets.ts';
import { parseSpec } from '../../../../core/task-spec/parse.ts';

/** Letters and digits without a meaning. Put together here, so that no scanner takes this file for a leak. */
const some = (length: number, letters = 'Zk3Qx9Lm2Vt7Bn4Rw8Hc6Yd5Jf1Gs0Pa'): string =>
  Array.from({ length }, (_, i) => letters[(i * 7 + (i >> 3)) % letters.length]).join('');
const digits = (length: number): string => some(length, '3190752864');
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
    expect(findSecret(`a\nb ${secret} c\n`, 'a\n')).toEqual({ what, line: 2 });
    expect(lint(secret)).toBe(true);
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
