import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AppManifest, events, permissions } from '../../../adapters/github/api/app-manifest.ts';
import { loadGitHubConfig } from '../../../cli/config/github.ts';

const program = join(import.meta.dirname, '../../../bin/drydock.ts');
const encoding = { type: 'pkcs1', format: 'pem' } as const;
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: encoding,
  publicKeyEncoding: encoding,
});
const webhookSecret = 'e340154128314309424b7c8e90325147d99fdafa';
const webhookUrl = 'https://drydock.example.com/webhooks/github';

/** GitHub's answer to a code, as its documentation records it; a stand-in, since the emulator has no manifest flow. */
const created = {
  id: 37,
  slug: 'acme-drydock',
  node_id: 'MDxOkludGVncmF0aW9uMQ==',
  owner: { login: 'acme', id: 1 },
  name: 'acme-drydock',
  permissions: Object.fromEntries(Object.entries(permissions).map(([name, { access }]) => [name, access])),
  events: Object.keys(events),
  client_id: 'Iv1.8a61f9b3a7aba766',
  client_secret: '1726be1638095a19edd134c77bde3aa2ece1e5d8',
  webhook_secret: webhookSecret as string | null,
  pem: privateKey,
};

let github: Server;
let url: string;
let answer: { status: number; body: unknown };
let codes: string[];
beforeAll(async () => {
  github = createServer((request, response) => {
    const [, code] = /^\/app-manifests\/([^/]+)\/conversions$/.exec(request.url ?? '') ?? [];
    if (request.method === 'POST' && code !== undefined) codes.push(code);
    response.writeHead(answer.status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(github.address() as AddressInfo).port}`;
});
afterAll(() => github.close());

let folder: string;
const running: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-setup-'));
  codes = [];
  answer = { status: 201, body: { ...created, html_url: `${url}/apps/acme-drydock` } };
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The real command; `page` is the address it shows. */
function setup(...args: string[]) {
  const child = spawn(
    process.execPath,
    [program, '--json', 'github', 'setup', '--data', folder, '--api-url', url, '--web-url', url, ...args],
    { env: { PATH: process.env.PATH, HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.push(child);
  let [stdout, stderr] = ['', ''];
  const page = Promise.withResolvers<string>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    const [shown] = /http:\/\/127\.0\.0\.1:\d+\/start\/[0-9a-f]{64}\n/.exec(stderr) ?? [];
    if (shown !== undefined) page.resolve(shown.trim());
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => {
      page.reject(new Error(`it ended with ${code}: ${stderr}`));
      resolve({ code, stdout, stderr });
    }),
  );
  page.promise.catch(() => undefined);
  return { page: page.promise, ended };
}

/** What a browser does on the first page: keeps the cookie and reads the form. */
async function open(page: string) {
  const response = await fetch(page);
  const text = (await response.text()).replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  const action = new URL(/<form method="post" action="([^"]+)"/.exec(text)?.[1] ?? 'about:blank');
  const manifest = JSON.parse(/name="manifest" value="(\{.*\})"/.exec(text)?.[1] ?? 'null') as AppManifest;
  const cookie = response.headers.get('set-cookie') ?? '';
  const state = action.searchParams.get('state') ?? '';
  return { response, text, action, manifest, cookie, pair: cookie.split(';')[0] ?? '', state };
}
const back = (callback: string, query: Record<string, string>, cookie?: string): Promise<Response> =>
  fetch(`${callback}?${new URLSearchParams(query)}`, cookie === undefined ? {} : { headers: { Cookie: cookie } });

describe('drydock github setup', () => {
  test('creates the app on a page of this machine and stores its key, which nobody has to see', async () => {
    const { page, ended } = setup('--org', 'acme', '--webhook-url', webhookUrl);
    const form = await open(await page);
    expect(form.action.origin + form.action.pathname).toBe(`${url}/organizations/acme/settings/apps/new`);
    expect(form.manifest).toMatchObject({
      name: 'drydock-acme',
      url: 'https://drydock.example.com',
      public: false,
      hook_attributes: { url: webhookUrl },
    });
    expect(form.cookie).toMatch(/HttpOnly/);
    expect(form.cookie).toMatch(/SameSite=Lax/);
    expect(form.response.headers.get('content-security-policy')).toContain(`form-action 'self' ${url}`);

    const done = await back(form.manifest.redirect_url, { code: 'c0de', state: form.state }, form.pair);
    expect(done.status).toBe(200);
    expect(await done.text()).toContain(`href="${url}/apps/acme-drydock/installations/new"`);
    const { code, stdout, stderr } = await ended;
    expect([code, codes]).toEqual([0, ['c0de']]);
    expect(JSON.parse(stdout)).toEqual({
      appId: 37,
      slug: 'acme-drydock',
      installUrl: `${url}/apps/acme-drydock/installations/new`,
      file: join(folder, 'github-app.json'),
      lacksEvents: [],
      next: ['drydock doctor', 'drydock serve'],
    });
    for (const secret of [webhookSecret, created.client_secret, 'PRIVATE KEY']) {
      expect(stdout + stderr).not.toContain(secret);
    }
    for (const name of Object.keys(permissions)) expect(stderr).toContain(name);

    expect(statSync(join(folder, 'github-app.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'github-app.json'), 'utf8')).not.toContain(created.client_secret);
    expect(readdirSync(folder).filter((name) => name.startsWith('github-app'))).toEqual(['github-app.json']);
    expect(loadGitHubConfig({ dataDir: folder, env: {} })).toEqual({
      apiUrl: url,
      gitUrl: url,
      auth: { appId: 37, privateKey },
      webhookSecrets: [webhookSecret],
    });

    const again = await setup().ended;
    expect([again.code, JSON.parse(again.stdout).error.name]).toEqual([2, 'UsageError']);
  });

  test('a stored app is replaced when asked to; without a webhook there is no secret', async () => {
    const before = setup();
    const first = await open(await before.page);
    await back(first.manifest.redirect_url, { code: 'one', state: first.state }, first.pair);
    expect((await before.ended).code).toBe(0);
    answer.body = { ...created, id: 38, webhook_secret: null, events: [], html_url: `${url}/apps/acme-drydock` };
    const after = setup('--replace');
    const second = await open(await after.page);
    expect(second.manifest.hook_attributes).toBeUndefined();
    expect(second.action.pathname).toBe('/settings/apps/new');
    await back(second.manifest.redirect_url, { code: 'two', state: second.state }, second.pair);
    expect((await after.ended).code).toBe(0);
    expect(loadGitHubConfig({ dataDir: folder, env: {} })).toMatchObject({ auth: { appId: 38 }, webhookSecrets: [] });
  });

  test('an answer from another browser, of another flow or under another name is not taken', async () => {
    const { page, ended } = setup();
    const shown = await page;
    const form = await open(shown);
    const { state, pair } = form;
    const callback = form.manifest.redirect_url;
    const code = 'attacker';
    const refused = [
      await back(callback, { code, state }),
      await back(callback, { code, state }, 'drydock_setup=0'),
      await back(callback, { code }, pair),
      await back(callback, { code, state: `${state.slice(0, -1)}x` }, pair),
      await back(callback, { state }, pair),
      await back(callback, { code: '../../app', state }, pair),
      await fetch(shown.replace(/[0-9a-f]{64}/, '0'.repeat(64))),
      await fetch(new URL('/', shown)),
      await fetch(callback.replace('127.0.0.1', 'localhost'), { headers: { Cookie: pair } }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 400, 400, 404, 404, 421]);
    expect(codes).toEqual([]);
    expect((await back(callback, { code: 'mine', state }, pair)).status).toBe(200);
    expect([(await ended).code, codes]).toEqual([0, ['mine']]);
  });

  test.each<[string, number, unknown, number, RegExp]>([
    ['a code that GitHub does not know', 404, { message: 'Not Found' }, 1, /HostRefused/],
    ['a GitHub that is down', 503, {}, 1, /HostUnavailable/],
    ['an answer that is none', 201, { id: 'x' }, 1, /HostRefused.*id, slug/s],
    [
      'a key that is none',
      201,
      { ...created, html_url: 'https://github.com/apps/x', pem: 'TOP SECRET' },
      4,
      /SecretMissing/,
    ],
    [
      'an app with more permissions than requested',
      201,
      {
        ...created,
        html_url: 'https://github.com/apps/x',
        permissions: { ...created.permissions, administration: 'write' },
      },
      1,
      /has more permissions than requested: administration: write/,
    ],
  ])('%s ends it by name, and nothing is stored', async (_, status, body, exit, message) => {
    answer = { status, body };
    const { page, ended } = setup();
    const form = await open(await page);
    const said = await back(form.manifest.redirect_url, { code: 'c0de-c0de', state: form.state }, form.pair);
    expect(said.status).toBe(502);
    const { code, stdout, stderr } = await ended;
    expect([code, stdout]).toEqual([exit, expect.stringMatching(message)]);
    expect(stdout + stderr + (await said.text())).not.toMatch(/c0de-c0de|TOP SECRET/);
    expect(existsSync(join(folder, 'github-app.json'))).toBe(false);
  });

  test.each([
    [['--webhook-url', 'https://localhost/x', '--web-url', 'https://github.com'], /GitHub cannot reach/],
    [['--webhook-url', 'ftp://d.example'], /--webhook-url is not a valid https URL/],
    [['--org', '../x'], /--org/],
    [['--api-url', 'http://github.example.com'], /--api-url is not a valid https URL/],
  ])('%j is refused before anything is opened', async (args, message) => {
    const { code, stdout } = await setup(...args).ended;
    expect([code, stdout]).toEqual([2, expect.stringMatching(message)]);
  });
});
