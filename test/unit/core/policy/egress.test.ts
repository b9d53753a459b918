import { describe, expect, test } from 'vitest';
import { applyPolicy } from '../../../../core/policy/merge.ts';
import { parsePolicy } from '../../../../core/policy/parse.ts';
import { parseSpec } from '../../../../core/task-spec/parse.ts';
import { specBytes } from '../task-spec/specs.ts';

const head = 'version: 1\npeople: {lead: {}, dev: {}}\nrepositories: {acme/web: {host: git, url: .}}\n';
const parsed = (egress: string, more = '') => parsePolicy(Buffer.from(`${head}egress:\n${egress}\n${more}`));
const problems = (egress: string, more = ''): string[] =>
  parsed(egress, more).problems.map(
    // Without the name of the field.
    ({ line, rule, message }) => `${line} ${rule}: ${message.replace(/^[\w.[\]-]+: /, '')}`,
  );

describe('a policy with rules', () => {
  test.each([
    [
      '  rules: [{host: "*.example.com", methods: [GET]}]',
      '5 format: A wildcard is not allowed; list each host by its full name.',
    ],
    ['  rules: [{host: 10.0.0.1, methods: [GET]}]', '5 format: Write a host name, not an address.'],
    [
      '  rules: [{host: "2001:db8::1", methods: [GET]}]',
      '5 format: Write the host name alone, without scheme, port or path; the port is always 443.',
    ],
    ['  rules: [{host: api.example.com, methods: [CONNECT]}]', /^5 .*GET/],
    ['  rules: [{host: api.example.com, methods: [GET], paths: ["v1/**"]}]', '5 format: Begin the path with a slash.'],
    [
      '  rules: [{host: api.example.com, methods: [GET], paths: ["/a%2Fb"]}]',
      /^5 format: Write the path as it is after percent-decoding/,
    ],
    [
      '  rules: [{host: api.example.com, methods: [GET], credential: none}]',
      '5 unknown-credential: credentials does not list "none".',
    ],
    [
      '  rules: [{host: github.com, methods: [GET, POST]}]',
      '5 format: github.com hosts git repositories, and a rule may only read: methods: [GET, HEAD].',
    ],
    [
      '  hosts: [github.com]',
      '5 git-host: "github.com" hosts git repositories: a tunnel to it could push. Write a rule: egress: {rules: [{host: github.com, methods: [GET, HEAD], paths: ["/OWNER/NAME/releases/download/**"]}]}.',
    ],
    [
      '  hosts: [api.example.com]\n  rules: [{host: api.example.com, methods: [GET]}]',
      '5 ambiguous-host: "api.example.com" has rules, which a tunnel would pass by. Remove it here, or remove its rules.',
    ],
    [
      '  private: [{kind: npm, scope: acme, url: "https://npm.acme.example"}]',
      '5 format: Write a scope such as "@acme".',
    ],
    [
      '  private: [{kind: crates, scope: acme, url: "https://crates.acme.example"}]',
      '5 format: A registry of crates has no scope.',
    ],
    [
      '  private: [{kind: npm, url: "http://npm.acme.example"}]',
      '5 format: Use https://; http:// is for this machine only.',
    ],
    [
      '  private: [{kind: npm, url: "https://me:pw@npm.acme.example"}]',
      '5 format: A URL may not contain a password; write credential.',
    ],
    [
      '  registries: [pypi]\n  private: [{kind: npm, url: "https://npm.acme.example"}]',
      '6 registry: egress.registries does not list npm, so this registry would not be used.',
    ],
    [
      '  private: [{kind: npm, url: "https://a.example"}, {kind: npm, url: "https://b.example"}]',
      '5 ambiguous-registry: There are two registries for all of npm.',
    ],
  ])('%s', (egress, expected) => {
    const found = problems(egress);
    expect(found).toHaveLength(1);
    if (typeof expected === 'string') expect(found).toEqual([expected]);
    else expect(found[0]).toMatch(expected);
  });

  test('credentials name a variable and a form', () => {
    expect(problems('  hosts: []', 'credentials: {a: {env: "A B", as: bearer}, b: {env: B, as: digest}}')).toEqual([
      '6 format: Write the name of a variable such as NPM_ACME_TOKEN.',
      '6 format: Write bearer, basic, or header NAME.',
    ]);
  });
});

const egress = `  hosts: [docs.example.com]
  rules:
    - {host: github.com, methods: [GET, HEAD], paths: ["/acme/*/releases/download/**"]}
    - {host: api.example.com, methods: [POST], body_limit: 10, credential: api}
  private:
    - {kind: npm, scope: "@acme", url: "https://npm.acme.example/", credential: npm-acme}`;
const credentials =
  'credentials: {api: {env: API, as: bearer}, npm-acme: {env: NPM, as: basic}, unused: {env: U, as: bearer}}';

function taskOf(hosts: string[]) {
  const { policy } = parsed(egress, credentials);
  if (!policy) throw new Error(problems(egress, credentials).join('\n'));
  const { spec } = parseSpec('a.yaml', specBytes({ repository: 'acme/web', sandbox: { egress: hosts } }));
  if (!spec) throw new Error('no spec');
  return applyPolicy(spec, policy, 'dev');
}

describe('policy and spec', () => {
  test('R34: of rules, a run has those whose host the spec names; of credentials, those that it uses', () => {
    expect(taskOf(['docs.example.com']).task?.egress).toMatchObject({
      hosts: ['docs.example.com'],
      rules: [],
      private: [{ kind: 'npm', scope: '@acme' }],
      credentials: { 'npm-acme': { env: 'NPM', as: 'basic' } },
    });
    const asked = taskOf(['api.example.com', 'github.com']).task?.egress;
    expect(asked).toMatchObject({
      hosts: [],
      rules: [
        { host: 'github.com', methods: ['GET', 'HEAD'], bodyBytes: 1_000_000 },
        { host: 'api.example.com', methods: ['POST'], paths: ['/**'], bodyBytes: 10, credential: 'api' },
      ],
    });
    expect(Object.keys(asked?.credentials ?? {}).sort()).toEqual(['api', 'npm-acme']);
  });

  test('B11: a git host without a rule is refused at lint, with the rule that would allow it', () => {
    expect(taskOf(['gitlab.com']).problems).toMatchObject([
      {
        path: 'sandbox.egress.0',
        message: expect.stringContaining('egress: {rules: [{host: gitlab.com, methods: [GET, HEAD]'),
      },
    ]);
  });
});
