import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../../../core/policy/parse.ts';
import { type Policy, parsedPolicySchema, policySchema, soloPolicy } from '../../../../core/policy/schema.ts';
import { wildcard } from '../../../../core/policy/wildcard.ts';
import { bytesOf } from '../task-spec/specs.ts';
import { designPolicy } from './policies.ts';

const minimal = 'version: 1\nrepositories:\n  a/b: {host: git, url: ./x}\n';
const parse = (text: string): Policy => {
  const { policy, problems } = parsePolicy(bytesOf(text));
  if (!policy) throw new Error(JSON.stringify(problems));
  return policy;
};
const problemsOf = (text: string) =>
  parsePolicy(bytesOf(text)).problems.map(
    ({ severity, line, column, rule }) => `${severity} ${line}:${column} ${rule}`,
  );

test('the policy of the design parses as it stands; a critical path that nobody can pass is a warning', () => {
  const { policy, problems } = parsePolicy(bytesOf(designPolicy));
  expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(['warning quorum']);
  expect(policy).toMatchObject({
    agents: {
      default: 'careful',
      profiles: { careful: { plans: true }, codemod: { plans: false, files: './codemods' } },
    },
    review: { approvers: ['lead'], solo: false },
    repositories: { 'acme-platform/frontend': { trusted_branches: ['main'] } },
    budgets: { web: { sprint_starts: '2026-11-16', alerts_percent: [50, 80, 100] } },
  });
});

test('a version and repositories are enough; what is left out is the tight default', () => {
  const policy = parse(minimal);
  expect(policy.egress.hosts).toEqual([]);
  expect(policy.checks).toEqual({});
  expect(policy.protected_paths).toEqual(
    expect.arrayContaining(['.github/**', '.agent-tasks/**', 'CODEOWNERS', 'Jenkinsfile']),
  );
  expect(policy.limits).toMatchObject({
    usd_per_run: 10,
    timeout_minutes: 60,
    cpu: 2,
    memory_mb: 4096,
    concurrent_runs: 4,
  });
  expect(policy.review).toMatchObject({ plan: 'required', required_reviewers: 1, expires_hours: 72, solo: true });
  expect(policy.models.allow).toEqual(['google/*']);
});

test('solo is assumed only where nobody is named', () => {
  const people = 'people: {a: {email: a@example.com}}\n';
  expect(parse(minimal + people).review).toMatchObject({ solo: false, approvers: ['a'] });
  expect(parse(`${minimal}review: {approvers: [x@example.com]}\n`).review.solo).toBe(false);
  expect(problemsOf(`${minimal}review: {approvers: []}\n`)).toEqual(['error 4:1 quorum']);
});

test('R2 all faults at once, each at its place', () => {
  const text = `version: 2
people:
  a: {email: not-an-address}
repositories:
  a/b: {host: gitlab, url: x}
  a/c: {host: git, url: "ext::sh -c id"}
  a/d: {host: git, url: "https://u:pw@example.com/x"}
  a/e: {host: github, instalation: 1}
egress: {hosts: ["*.com"]}
limits: {cpu: -1, usd_per_rum: 3}
protected_paths: [../x]
runtimes: {"node:20": "node:20"}
mcp: {docs: {tools: [a]}, x: {url: "http://x.example/", tools: []}, drydock: {}}
budgets: {web: {sprint_starts: soon, sprint_days: 14, limit_usd: 1}}
notify: &n {}
`;
  expect(problemsOf(text)).toEqual([
    'error 1:10 format',
    'error 3:14 format',
    'error 5:15 format',
    'error 6:25 format',
    'error 7:25 format',
    'error 8:23 unknown-key',
    'error 9:18 format',
    'error 10:15 range',
    'error 10:19 unknown-key',
    'error 11:19 format',
    'error 12:23 format',
    'error 13:7 format',
    'error 13:36 format',
    'error 13:64 range',
    'error 13:69 format',
    'error 14:32 format',
    'error 15:12 anchor',
  ]);
});

describe('contradictions', () => {
  test.each<[string, string, string[]]>([
    ['an approver nobody knows', 'review: {approvers: [ghost]}\n', ['error 4:22 unknown-person', 'error 4:1 quorum']],
    [
      'more reviewers than approvers',
      'review: {approvers: [a@example.com], required_reviewers: 2}\n',
      ['error 4:58 quorum'],
    ],
    [
      'two people with one address',
      'people: {a: {email: X@example.com}, b: {email: x@example.com}}\n',
      ['error 4:48 ambiguous-person'],
    ],
    [
      'two people with one account',
      'people: {a: {github_id: 7}, b: {github_id: 7}}\n',
      ['error 4:44 ambiguous-person'],
    ],
    ['an operator nobody knows', 'operators: [ghost]\n', ['error 4:13 unknown-person']],
    [
      'one human who may be two people',
      'people: {dev: {github: dev}}\nreview: {approvers: [dev@example.com]}\n',
      ['warning 5:22 two-ids'],
    ],
    ['two people with one login', 'people: {a: {github: me}, b: {github: ME}}\n', ['error 4:39 ambiguous-person']],
    [
      'a default that is no profile',
      'agents: {default: x, profiles: {y: {kind: command, command: [z]}}}\n',
      ['error 4:19 format'],
    ],
    [
      'two profiles and no default',
      'agents: {profiles: {x: {kind: command, command: [z]}, y: {kind: command, command: [z]}}}\n',
      ['error 4:1 format'],
    ],
    [
      'a model that is not allowed',
      'agents: {profiles: {x: {kind: acp, command: [z], provider: google, model: gemini-2.5-pro}}}\nmodels: {allow: ["other/*"]}\n',
      ['error 4:75 model'],
    ],
    [
      'a provider without a model',
      'agents: {profiles: {x: {kind: acp, command: [z], provider: google}}}\n',
      ['error 4:21 required'],
    ],
  ])('%s', (_, text, expected) => expect(problemsOf(minimal + text).sort()).toEqual(expected.sort()));

  test('one profile is the default', () => {
    expect(parse(`${minimal}agents: {profiles: {y: {kind: command, command: [z]}}}\n`).agents.default).toBe('y');
  });
});

test('a policy stored as JSON is read back as it was', () => {
  for (const policy of [parse(minimal), parse(designPolicy)]) {
    const again = policySchema.parse(JSON.parse(JSON.stringify(policy)));
    expect(again).toEqual(policy);
  }
});

describe('mcp', () => {
  const policyOf = (mcp: string) => `${minimal}credentials: {key: {env: MCP_KEY, as: bearer}}\nmcp: ${mcp}\n`;

  test.each([
    '{}',
    '{docs: {url: "https://mcp.example.com/mcp", credential: key, tools: [read, "a.b/c-d_E"]}}',
    '{docs: {url: "http://127.0.0.1:9/mcp", tools: [read]}, lint-2: {command: [node, /agent/mcp.mjs], tools: [run]}}',
    '{docs: {url: "http://mcp.internal", tools: [read]}}',
  ])('%s is valid', (mcp) => expect(problemsOf(policyOf(mcp))).toEqual([]));

  test.each<[string, string, RegExp]>([
    ['a text', 'docs', /must be a map/],
    ['a list', '[docs]', /must be a map/],
    ['nothing', 'null', /is empty/],
    ['neither url nor command', '{docs: {tools: [a]}}', /either url or command/],
    ['url and command', '{docs: {url: "https://a.example", command: [a], tools: [a]}}', /either url or command/],
    ['plain HTTP to a public host', '{docs: {url: "http://a.example", tools: [a]}}', /Use https/],
    ['a password', '{docs: {url: "https://u:p@a.example", tools: [a]}}', /write credential/],
    ['a query', '{docs: {url: "https://a.example/?key=1", tools: [a]}}', /without a query/],
    ['no URL', '{docs: {url: a.example, tools: [a]}}', /Write a URL/],
    ['no tools', '{docs: {url: "https://a.example"}}', /is missing/],
    ['an empty list of tools', '{docs: {url: "https://a.example", tools: []}}', /at least 1/],
    ['a wildcard', '{docs: {url: "https://a.example", tools: ["*"]}}', /wildcards are not allowed/],
    [
      'a letter that looks like another',
      '{docs: {url: "https://a.example", tools: ["se\u0430rch"]}}',
      /letters, digits/,
    ],
    [
      'a credential that is not listed',
      '{docs: {url: "https://a.example", credential: other, tools: [a]}}',
      /does not list "other"/,
    ],
    ['a credential for a command', '{docs: {command: [a], credential: key, tools: [a]}}', /no credential enters/],
    ['a name in capitals', '{Docs: {url: "https://a.example", tools: [a]}}', /small letters/],
    ["the name of Drydock's own server", '{drydock: {url: "https://a.example", tools: [a]}}', /own server/],
    ['a field too many', '{docs: {url: "https://a.example", tools: [a], resources: [b]}}', /resources/],
  ])('%s is refused', (_, mcp, reason) => {
    const { policy, problems } = parsePolicy(bytesOf(policyOf(mcp)));
    expect(policy).toBeUndefined();
    expect(problems.map(({ message }) => message).join('\n')).toMatch(reason);
  });
});

test('Slack needs no channel; a policy that names one stays valid and is told that it has no effect', () => {
  expect(problemsOf(`${minimal}notify: {slack: {}}\n`)).toEqual([]);
  const { policy, problems } = parsePolicy(bytesOf(`${minimal}notify: {slack: {channel: "#builds"}}\n`));
  expect(policy?.notify.slack).toBeDefined();
  expect(problems).toMatchObject([{ rule: 'no-effect', severity: 'warning', line: 4 }]);
  expect(problems[0]?.message).toContain('slack: {}');
});

test('the built-in policy of one person', () => {
  const policy = soloPolicy({ id: 'me@localhost', email: 'me@localhost' }, [{ name: 'app', url: '/home/me/my app' }]);
  expect(policy.review).toMatchObject({ solo: true, approvers: ['me@localhost'], plan: 'required' });
  expect(policy.repositories).toMatchObject({ app: { host: 'git', url: '/home/me/my app' } });
  expect(() => soloPolicy({ id: 'me', email: 'me@example.com' }, [{ name: '../x', url: '.' }])).toThrow(
    expect.objectContaining({ name: 'PolicyInvalid' }),
  );
});

test('the parts of a wildcard do not overlap', () => {
  expect(wildcard(['a*a'], 'a')).toBe(false);
  expect(wildcard(['a*b*b'], 'ab')).toBe(false);
  expect(wildcard(['a*a'], 'aa')).toBe(true);
});

test('property: a wildcard matches what the same regular expression matches', () => {
  const pattern = fc.stringMatching(/^[ab/*]{0,8}$/);
  const text = fc.stringMatching(/^[ab/]{0,10}$/);
  fc.assert(
    fc.property(pattern, text, (glob, word) => {
      return wildcard([glob], word) === new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(word);
    }),
    { numRuns: 500 },
  );
});

test('a policy that was parsed is the same when it is parsed again, as stored with a run or sent in a call', () => {
  const policy = parse(`${minimal}agents:
  default: named
  profiles:
    named: {agent: codex, model: [gpt-5, gpt-5-mini], max_turns: 9}
    elsewhere: {agent: pi, provider: local, model: m}
    program: {kind: acp, command: [mine], provider: google, model: [gemini-2.5-pro, gemini-2.5-flash], plans: false}
    plain: {kind: command, command: [node, x.mjs], files: ./agent}
providers:
  local: {kind: openai, base_url: "http://127.0.0.1:11434/v1", credential: none}
  bedrock: {kind: bedrock, region: eu-central-1}
  vertex: {kind: vertex, project: acme-models, location: europe-west4}
credentials: {docs: {env: DOCS_TOKEN, as: bearer}}
prices: {"local/m": {input: 0, output: 0, as_of: 2026-11-20}}
services: {"redis:7": "redis@sha256:${'0'.repeat(64)}"}
mcp:
  docs: {url: "https://mcp.example.com/mcp", credential: docs, tools: [search]}
  lint: {command: [node, /agent/mcp.mjs], tools: [run]}
egress:
  rules: [{host: api.example.com, methods: [GET], paths: [/v1/**]}]
guard: {allowed_secrets: [{fingerprint: 466e7d83df86ee8e23257c07, reason: a test}]}
`);
  const stored: unknown = JSON.parse(JSON.stringify(policy));
  expect(parsedPolicySchema.parse(stored)).toEqual(policy);
});

test('faults of the form say how many, which value, and which field was meant', () => {
  const text = 'version: 2\npeople: {me: {emial: me@example.com}}\nmcp: {lint: {command: [node, x.mjs], tools: []}}\n';
  expect(parsePolicy(bytesOf(text)).problems.map(({ message }) => message)).toEqual([
    'version: must be 1.',
    '"people.me.emial" is not a known field. Did you mean "email"?',
    'mcp.lint.tools: must have at least 1 entry.',
  ]);
});

test('a default that is not among the profiles is reported beside the other contradictions', () =>
  expect(
    problemsOf(
      `${minimal}agents:\n  default: carefull\n  profiles: {careful: {agent: pi, provider: lokal, model: m}}\nreview: {approvers: [ghost]}\n`,
    ),
  ).toEqual(expect.arrayContaining(['error 5:12 format', 'error 6:45 unknown-provider', 'error 7:22 unknown-person'])));
