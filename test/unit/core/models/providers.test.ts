import { describe, expect, test } from 'vitest';
import { modelAccessOf } from '../../../../adapters/local/model-access.ts';
import { endpointOf } from '../../../../core/models/of-policy.ts';
import { parsePolicy } from '../../../../core/policy/parse.ts';
import { policySchema } from '../../../../core/policy/schema.ts';

const problems = (text: string): string[] =>
  parsePolicy(Buffer.from(`version: 1\nreview: {solo: true}\n${text}\n`)).problems.map(
    ({ severity, rule }) => `${severity} ${rule}`,
  );
const profile = (fields: string): string => `agents: {profiles: {p: {${fields}}}}`;
const command = 'kind: command, command: [x]';

describe('faults of providers, prices and profiles, before anything is spent', () => {
  test.each<[string, string, string[]]>([
    ['a provider that nobody knows', profile(`${command}, provider: acme, model: m`), ['error unknown-provider']],
    [
      'a server of one’s own without a price',
      `providers: {local: {kind: openai, base_url: "http://127.0.0.1:1/v1"}}\n${profile(`${command}, provider: local, model: m`)}`,
      ['error price'],
    ],
    [
      'the same with one',
      `providers: {local: {kind: openai, base_url: "http://127.0.0.1:1/v1"}}\nprices: {"local/m": {input: 0, output: 0}}\n${profile(`${command}, provider: local, model: m`)}`,
      [],
    ],
    [
      'a model younger than the list',
      profile(`${command}, provider: openai, model: gpt-99`),
      ['warning assumed-price'],
    ],
    [
      'the same with a price',
      `prices: {"openai/gpt-99": {input: 3, output: 12}}\n${profile(`${command}, provider: openai, model: gpt-99`)}`,
      [],
    ],
    [
      'a price of a provider that nobody knows',
      'prices: {"acme/m": {input: 1, output: 1}}',
      ['error unknown-provider'],
    ],
    [
      'a credential that the policy does not have',
      'providers: {a: {kind: openai, base_url: "https://a.example/v1", credential: key}}',
      ['error credential'],
    ],
    [
      'a price list that is not there',
      'providers: {a: {kind: openai, base_url: "https://a.example/v1", price_list: nobody}}',
      ['error price-list'],
    ],
    [
      'an agent that does not speak the interface',
      profile('agent: codex, provider: anthropic, model: claude-sonnet-4-5'),
      ['error agent-interface'],
    ],
    ['an agent without a model', profile('agent: codex'), ['error format']],
    [
      'an agent, and a program besides',
      profile('agent: codex, kind: command, command: [x], model: gpt-5'),
      ['error format', 'error format'],
    ],
    ['neither an agent nor a program', profile('provider: openai, model: gpt-5'), ['error required', 'error required']],
    ['an agent that nobody knows', profile('agent: goose, model: m'), ['error format']],
  ])('%s', (_what, text, expected) => expect(problems(text).sort()).toEqual(expected.sort()));

  test.each([
    ['without TLS in public', 'http://models.example/v1'],
    ['with a password', 'https://a:b@models.example/v1'],
    ['with a query', 'https://models.example/v1?key=1'],
    ['of another protocol', 'file:///etc/passwd'],
  ])('an address %s', (_what, url) => {
    expect(problems(`providers: {a: {kind: openai, base_url: ${JSON.stringify(url)}}}`)).toEqual(['error format']);
  });

  test.each([
    'http://127.0.0.1:11434/v1',
    'http://localhost/v1',
    'http://10.1.2.3/v1',
    'http://gpu.internal:8000/v1',
    'http://[fd00::1]/v1',
  ])('plain HTTP is for this machine and private networks: %s', (url) =>
    expect(problems(`providers: {a: {kind: openai, base_url: ${JSON.stringify(url)}}}`)).toEqual([]));
});

test('an agent brings driver, program and provider; a list of models, its fallbacks', () => {
  const { policy } = parsePolicy(
    Buffer.from(
      `version: 1\nreview: {solo: true}\n${profile('agent: codex, model: [gpt-5, gpt-5-mini], max_turns: 9')}\n`,
    ),
  );
  expect(policy?.agents.profiles.p).toEqual({
    agent: 'codex',
    kind: 'command',
    command: ['codex'],
    provider: 'openai',
    model: 'gpt-5',
    fallbacks: ['gpt-5-mini'],
    max_turns: 9,
    plans: true,
  });
});

const policy = policySchema.parse({
  version: 1,
  providers: {
    bedrock: { kind: 'bedrock', region: 'eu-central-1' },
    keyed: { kind: 'bedrock', region: 'eu-central-1', credential: 'key' },
    vertex: { kind: 'vertex', project: 'acme-1', location: 'global' },
    azure: { kind: 'openai', base_url: 'https://acme.example/openai/v1/', credential: 'key', price_list: 'azure' },
    local: { kind: 'openai', base_url: 'http://127.0.0.1:1/v1', credential: 'none' },
  },
  credentials: { key: { env: 'ACME_KEY', as: 'header api-key' } },
  prices: { 'local/a/b': { input: 1, output: 2 }, 'openai/x': { input: 1, output: 2 } },
});

test('the endpoint of a provider holds its address, where its credential is found, and its prices; no secret', () => {
  const source = { env: 'ACME_KEY', as: 'header api-key' };
  expect(['bedrock', 'azure', 'local', 'openai', 'nobody'].map((name) => endpointOf(policy, name))).toEqual([
    { kind: 'bedrock', region: 'eu-central-1', prices: { list: 'aws', own: {} } },
    {
      kind: 'openai',
      baseUrl: 'https://acme.example/openai/v1',
      credential: source,
      prices: { list: 'azure', own: {} },
    },
    {
      kind: 'openai',
      baseUrl: 'http://127.0.0.1:1/v1',
      credential: 'none',
      prices: { own: { 'a/b': { input: 1, output: 2 } } },
    },
    { kind: 'openai', prices: { list: 'openai', own: { x: { input: 1, output: 2 } } } },
    undefined,
  ]);
});

describe('the credential of a provider on this machine', () => {
  const access = (name: string, env: Record<string, string>, session?: string) =>
    modelAccessOf(name, session, env, endpointOf(policy, name));
  test.each([
    ['azure', { ACME_KEY: 'k' }, { header: { name: 'api-key', value: 'k' } }],
    ['keyed', { ACME_KEY: 'k' }, { header: { name: 'api-key', value: 'k' } }],
    ['bedrock', { AWS_BEARER_TOKEN_BEDROCK: 'k' }, { key: 'k' }],
    ['vertex', { GOOGLE_SERVICE_ACCOUNT_KEY: '{}' }, { serviceAccount: '{}' }],
    ['local', {}, {}],
    ['openai', { OPENAI_API_KEY: 'k' }, { key: 'k' }],
  ])('%s from %j', async (name, env, expected) => {
    expect(await access(name, env)).toEqual({ mode: 'live', ...expected });
  });
  test.each([
    'azure',
    'vertex',
    'openai',
  ])('%s without one names the variable; with a recording, that answers', async (name) => {
    const message = expect.stringMatching(/ in [A-Z_]+\.$/);
    await expect(access(name, {})).rejects.toMatchObject({ name: 'SecretMissing', message });
    expect(await access(name, {}, 'session')).toEqual({ mode: 'replay', session: 'session' });
  });
  test('a recording answers in the place of a server that asks for none', async () => {
    expect(await access('local', {}, 'session')).toEqual({ mode: 'replay', session: 'session' });
  });
});
