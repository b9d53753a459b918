import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { events, permissions } from '../../../../../adapters/github/api/app-manifest.ts';
import type { GitHubConfig } from '../../../../../adapters/github/api/config.ts';
import { type Fetch, githubChecks } from '../../../../../adapters/github/doctor/app.ts';
import { webhookPath } from '../../../../../adapters/github/doctor/webhook.ts';
import * as web from '../../../../../adapters/github/webhook/receiver.ts';
import { policySchema } from '../../../../../core/policy/schema.ts';

const encoding = { type: 'pkcs1', format: 'pem' } as const;
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  privateKeyEncoding: encoding,
  publicKeyEncoding: encoding,
});
const api = 'https://github.example.com/api/v3';
const token = `ghs_${'m'.repeat(36)}`;
const personal = `ghp_${'p'.repeat(36)}`;
const app: GitHubConfig = {
  apiUrl: api,
  gitUrl: 'https://github.example.com',
  auth: { appId: 7, privateKey },
  webhookSecrets: ['s'],
};
const person: GitHubConfig = { ...app, auth: { token: personal } };
const policy = (repository: Record<string, unknown> = {}) =>
  policySchema.parse({ version: 1, repositories: { 'acme/calc': { host: 'github', ...repository } } });

const granted = Object.fromEntries(Object.entries(permissions).map(([name, { access }]) => [name, access]));
const subscribed = Object.keys(events);
const delivery = (guid: string, status_code: number) => ({
  guid,
  status_code,
  event: 'push',
  status: '',
  redelivery: false,
});
const reviews = (count: number | null) => ({
  data: { repository: { ref: { refUpdateRule: count === null ? null : { requiredApprovingReviewCount: count } } } },
});
const hook = {
  active: true,
  events: subscribed,
  config: { url: `https://drydock.example.com${webhookPath}`, content_type: 'json', insecure_ssl: '0' },
  last_response: { code: 202, status: 'active', message: null },
};

/** What a GitHub says on which nothing is wrong; each answer may be another, a number is an empty one with that status. */
const allGood: Record<string, unknown> = {
  'GET /app': { id: 7, slug: 'acme-drydock', permissions: granted, events: subscribed },
  'GET /app/hook/config': hook.config,
  'GET /app/hook/deliveries': [delivery('a', 202)],
  'GET /repos/acme/calc/installation': { id: 100, suspended_at: null, permissions: granted },
  'POST /app/installations/100/access_tokens': { token, expires_at: '2026-11-21T01:00:00Z', permissions: {} },
  'DELETE /installation/token': 204,
  'GET /repos/acme/calc': { archived: false, permissions: { push: true } },
  'GET /repos/acme/calc/rules/branches/main': [],
  'POST /graphql': reviews(1),
  'GET /user': { login: 'lead-gh' },
  'GET /repos/acme/calc/hooks': [hook],
};

function github(change: Record<string, unknown> = {}) {
  const calls: { route: string; authorization: string; body: string }[] = [];
  const answers = { ...allGood, ...change };
  const fetch = (async (input: unknown, init: RequestInit) => {
    const url = new URL(String(input));
    const path = url.pathname.replace('/api/v3', '').replace('/api/graphql', '/graphql');
    const route = `${init.method} ${path}`;
    const headers = new Headers(init.headers);
    calls.push({ route, authorization: headers.get('authorization') ?? '', body: String(init.body ?? '') });
    const answer = answers[route];
    if (answer instanceof Error) throw answer;
    if (answer === undefined) return Response.json({ message: 'Not Found' }, { status: 404 });
    if (typeof answer !== 'number')
      return Response.json(answer, { headers: answers[`${route} headers`] as Record<string, string> });
    return new Response(answer === 204 ? null : JSON.stringify({ message: 'no' }), {
      status: answer,
      headers: { 'Content-Type': 'application/json' },
    });
  }) as Fetch;
  return { fetch, calls };
}

const rowsOf = async (config: GitHubConfig | undefined, change: Record<string, unknown> = {}, of = policy()) => {
  const { fetch, calls } = github(change);
  const rows = await githubChecks(config, of, fetch);
  for (const row of rows) expect(row.ok || row.remedy !== '').toBe(true);
  return { rows, calls, bad: rows.filter(({ ok }) => !ok) };
};

describe('R41 doctor looks at the GitHub app', () => {
  test('nothing is wrong; the one token that was minted sees one repository, may only read, and is revoked', async () => {
    const { rows, calls } = await rowsOf(app);
    expect(rows.map(({ name, ok, detail }) => [name, ok, detail])).toEqual([
      ['github', true, expect.stringContaining('app acme-drydock')],
      ['permissions', true, 'all granted'],
      ['events', true, 'all subscribed'],
      ['webhook', true, `https://drydock.example.com${webhookPath}`],
      ['deliveries', true, 'the last 1 arrived'],
      ['repository', true, 'acme/calc, installation 100'],
      ['review', true, 'acme/calc: main requires 1 approving review'],
    ]);
    const minting = calls.filter(({ route }) => route.includes('access_tokens'));
    expect(minting.map(({ body }) => JSON.parse(body))).toEqual([
      { repositories: ['calc'], permissions: { metadata: 'read', contents: 'read' } },
    ]);
    const last = calls.at(-1);
    expect([last?.route, last?.authorization]).toEqual(['DELETE /installation/token', `token ${token}`]);
    expect(JSON.stringify(rows)).not.toMatch(/ghs_|BEGIN/);
  });

  test('a token is revoked also when what it was for fails', async () => {
    const { calls, bad } = await rowsOf(app, { 'GET /repos/acme/calc': 500 });
    expect(bad).toMatchObject([{ name: 'repository', detail: 'acme/calc: GitHub answers 500' }]);
    expect(calls.at(-1)?.route).toBe('DELETE /installation/token');
  });

  test.each<[string, Record<string, unknown>, string, RegExp, boolean]>([
    [
      'a key that is not its own',
      { 'GET /app': 401 },
      'github',
      /does not accept the app id and its private key \(401\)/,
      true,
    ],
    [
      'no network',
      { 'GET /app': new Error(`connect ${personal}`) },
      'github',
      /GitHub does not answer at github.example.com/,
      true,
    ],
    ['a broken GitHub', { 'GET /app': 502 }, 'github', /GitHub answers 502/, true],
    [
      'permissions that are missing or too small',
      {
        'GET /app': { slug: 'x', events: subscribed, permissions: { ...granted, contents: 'read', checks: undefined } },
      },
      'permissions',
      /missing: contents: write, checks: write/,
      true,
    ],
    [
      'events that are missing',
      { 'GET /app': { slug: 'x', permissions: granted, events: ['push', 'status'] } },
      'events',
      /not subscribed to: pull_request, pull_request_review, issue_comment, issues, check_run, check_suite/,
      false,
    ],
    ['no webhook', { 'GET /app/hook/config': 404 }, 'webhook', /the app has no webhook/, false],
    [
      'a webhook without an address',
      { 'GET /app/hook/config': { content_type: 'json' } },
      'webhook',
      /the app has no webhook/,
      false,
    ],
    [
      'a form as content type',
      { 'GET /app/hook/config': { ...hook.config, content_type: 'form' } },
      'webhook',
      /content type is form/,
      false,
    ],
    [
      'certificates unchecked',
      { 'GET /app/hook/config': { ...hook.config, insecure_ssl: 1 } },
      'webhook',
      /certificates are not verified/,
      false,
    ],
    [
      'deliveries that failed',
      { 'GET /app/hook/deliveries': [delivery('c', 401), delivery('b', 202), delivery('a', 202), delivery('a', 500)] },
      'deliveries',
      /1 of the last 3 failed; the newest \(push\) got the response 401/,
      false,
    ],
    [
      'deliveries nobody answered',
      { 'GET /app/hook/deliveries': [delivery('a', 0)] },
      'deliveries',
      /got no response/,
      false,
    ],
    [
      'an app that is not installed',
      { 'GET /repos/acme/calc/installation': 404 },
      'repository',
      /GitHub does not show it/,
      false,
    ],
    [
      'a suspended installation',
      { 'GET /repos/acme/calc/installation': { id: 100, suspended_at: '2026-11-01T00:00:00Z', permissions: granted } },
      'repository',
      /the installation is suspended/,
      false,
    ],
    [
      'an installation that has not accepted a permission',
      {
        'GET /repos/acme/calc/installation': {
          id: 100,
          suspended_at: null,
          permissions: { ...granted, actions: undefined },
        },
      },
      'repository',
      /has not granted actions: read/,
      false,
    ],
    ['an archived repository', { 'GET /repos/acme/calc': { archived: true } }, 'repository', /archived/, false],
    [
      'a branch that nothing protects',
      { 'POST /graphql': reviews(null) },
      'review',
      /main: no rule requires a review/,
      false,
    ],
    ['protection without approvals', { 'POST /graphql': reviews(0) }, 'review', /no rule requires a review/, false],
    [
      'a branch that is not there',
      { 'POST /graphql': { data: { repository: { ref: null } } } },
      'review',
      /main does not exist/,
      false,
    ],
    ['protection that cannot be read', { 'POST /graphql': 403 }, 'review', /cannot be read/, false],
    [
      'rules that cannot be read',
      { 'GET /repos/acme/calc/rules/branches/main': 500, 'POST /graphql': reviews(null) },
      'review',
      /cannot be read/,
      false,
    ],
  ])('%s', async (_, change, name, detail, required) => {
    const { bad } = await rowsOf(app, change);
    expect(bad).toEqual([
      { name, ok: false, required, detail: expect.stringMatching(detail), remedy: expect.any(String) },
    ]);
    expect(JSON.stringify(bad)).not.toMatch(/gh[ps]_/);
  });

  test('a ruleset requires a review just as well, also where protection cannot be read', async () => {
    const rules = [{ type: 'deletion' }, { type: 'pull_request', parameters: { required_approving_review_count: 2 } }];
    const { rows, bad } = await rowsOf(app, {
      'GET /repos/acme/calc/rules/branches/main': rules,
      'POST /graphql': 403,
    });
    expect(bad).toEqual([]);
    expect(rows.at(-1)?.detail).toBe('acme/calc: main requires 2 approving reviews');
  });

  test('branches that a pattern trusts are looked up', async () => {
    const { calls, rows } = await rowsOf(
      app,
      { 'GET /repos/acme/calc/branches': [{ name: 'release/1' }, { name: 'main' }, { name: 'agent/x' }] },
      policy({ trusted_branches: ['main', 'release/*'] }),
    );
    expect(rows.filter(({ name }) => name === 'review').map(({ detail }) => detail)).toEqual([
      'acme/calc: main requires 1 approving review',
      'acme/calc: release/1 requires 1 approving review',
    ]);
    expect(
      calls.filter(({ route }) => route === 'POST /graphql').map(({ body }) => JSON.parse(body).variables.ref),
    ).toEqual(['refs/heads/main', 'refs/heads/release/1']);
  });

  test('an installation other than the policy says is told', async () => {
    const { bad } = await rowsOf(app, {}, policy({ installation: 5 }));
    expect(bad).toMatchObject([
      { name: 'repository', detail: 'acme/calc: the policy names installation 5, but it is 100' },
    ]);
  });

  test('without a webhook secret every delivery is refused, and that is said', async () => {
    const { bad } = await rowsOf({ ...app, webhookSecrets: [] });
    expect(bad).toMatchObject([{ name: 'webhook secret', detail: 'none; every delivery is refused' }]);
  });

  test('several repositories are each looked at', async () => {
    const repositories = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`acme/r${n}`, { host: 'github' }]));
    const { rows } = await rowsOf(app, {}, policySchema.parse({ version: 1, repositories }));
    expect(rows.filter(({ name }) => name === 'repository').map(({ detail }) => detail.split(':')[0])).toEqual(
      Object.keys(repositories),
    );
  });
});

describe('R41 doctor looks at a personal token', () => {
  const classic = { 'GET /user headers': { 'x-oauth-scopes': 'repo, workflow' } };

  test('and says what it cannot do', async () => {
    const { rows, calls } = await rowsOf(person, classic);
    expect(rows.map(({ name, ok }) => [name, ok])).toEqual([
      ['github', true],
      ['repository', true],
      ['review', true],
      ['webhook', true],
    ]);
    expect(rows[0]?.detail).toBe(
      'personal token of lead-gh: commit statuses instead of check runs, unsigned commits, nothing to mint or revoke',
    );
    expect(calls.some(({ route }) => route.includes('token'))).toBe(false);
    expect(JSON.stringify(rows)).not.toContain(personal);
  });

  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ['a token that is none', { 'GET /user': 401 }, 'github', /does not accept the token \(401\)/],
    [
      'a classic token without the scope',
      { 'GET /user headers': { 'x-oauth-scopes': 'gist' } },
      'permissions',
      /lacks the scope repo/,
    ],
    [
      'no right to write',
      { 'GET /repos/acme/calc': { archived: false, permissions: { push: false } } },
      'repository',
      /the token has no write permission/,
    ],
    ['webhooks that are hidden', { 'GET /repos/acme/calc/hooks': 404 }, 'webhook', /only administrators see/],
    [
      'no webhook that leads here',
      { 'GET /repos/acme/calc/hooks': [{ ...hook, config: { url: 'https://ci.example.com/x' } }] },
      'webhook',
      /has no webhook/,
    ],
    [
      'a webhook that is off',
      { 'GET /repos/acme/calc/hooks': [{ ...hook, active: false }] },
      'webhook',
      /has no webhook/,
    ],
    [
      'a webhook that hears too little',
      { 'GET /repos/acme/calc/hooks': [{ ...hook, events: ['push'] }] },
      'events',
      /not subscribed to pull_request/,
    ],
    [
      'a webhook that is refused',
      { 'GET /repos/acme/calc/hooks': [{ ...hook, last_response: { code: 404 } }] },
      'deliveries',
      /the response to the last delivery was 404/,
    ],
  ])('%s', async (_, change, name, detail) => {
    const { bad } = await rowsOf(person, change);
    expect(bad.map((row) => [row.name, row.detail])).toEqual([[name, expect.stringMatching(detail)]]);
  });

  test('fine-grained tokens have no scopes, and a webhook may hear everything', async () => {
    expect((await rowsOf(person, { 'GET /repos/acme/calc/hooks': [{ ...hook, events: ['*'] }] })).bad).toEqual([]);
  });
});

test('without credentials, repositories on GitHub are a warning to set them up, and none are nothing', async () => {
  expect((await rowsOf(undefined)).bad).toMatchObject([{ name: 'github', detail: 'no credentials' }]);
  expect((await rowsOf(undefined, {}, policySchema.parse({ version: 1 }))).rows).toEqual([]);
});

test('the webhook’s path is the one that is served', () => {
  expect(webhookPath).toBe(web.webhookPath);
});
