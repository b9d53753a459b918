/** A team on one machine: who is turned away from its pages, with what reason, and what the audit says of it. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSeal } from '../../../web/security/sealed-cookie.ts';
import { cli } from '../../support/cli.ts';
import { startIssuer, type TestIssuer } from '../../support/issuer.ts';
import { shown } from '../../support/shown.ts';
import { createWorld, type World } from '../../support/world.ts';
import { type Browser, browser, formOf, freePort, post, serveForPeople, signIn, toCallback } from './sign-in-kit.ts';

let world: World;
let issuer: TestIssuer;
let base = '';
let port = 0;
let server: Awaited<ReturnType<typeof serveForPeople>>;
let lead: Browser;
let gate = '';
let runId = '';
const sessionName = '__Host-drydock_session';
const common = () => ['--policy', 'policy.yaml', '--data', world.data, '--json'];

beforeAll(async () => {
  world = createWorld();
  world.policy({
    people: {
      lead: { oidc: 'lead-subject' },
      second: { email: 'second@example.com' },
      dev: { oidc: 'dev-subject', email: 'dev@example.com' },
      far: { oidc: 'far-subject', teams: ['payments'] },
    },
    readers: ['far'],
    operators: ['lead'],
    review: { approvers: ['lead', 'second', 'dev'] },
  });
  issuer = await startIssuer({
    'lead-subject': {},
    'dev-subject': {},
    'far-subject': {},
    'LEAD-SUBJECT': {},
    mallory: { email: 'second@example.com', email_verified: false },
  });
  port = await freePort();
  base = `http://127.0.0.1:${port}`;
  issuer.serve(`${base}/login/callback`, 'a secret of a test');
  server = await serveForPeople(world, { port, issuer: issuer.url });
  const { file } = world.spec();
  const waiting = cli(world, 'run', file, ...common(), '--as', 'dev@example.com').json;
  expect(waiting).toMatchObject({ status: 'waiting' });
  gate = String(waiting.gate);
  runId = String(waiting.runId);
  lead = await signIn(base, 'lead-subject');
  expect((await lead.request(`${base}/gates/${gate}`)).status).toBe(200);
});
afterAll(async () => {
  await server.stop();
  await issuer.close();
  world.remove();
});

const gatePage = () => `${base}/gates/${gate}`;
const key = (): string =>
  (JSON.parse(readFileSync(join(world.data, 'sessions.json'), 'utf8')) as { keys: { key: string }[] }).keys[0]?.key ??
  '';
/** A browser with a session that was sealed with a key. */
async function sealedAs(change: object, by = key(), purpose: 'session' | 'login' = 'session'): Promise<Browser> {
  const at = Date.now();
  const session = { id: 'x'.repeat(43), issuer: new URL(issuer.url).href, subject: 'lead-subject', born: at, seen: at };
  const made = browser();
  made.cookies(base).set(sessionName, await createSeal(async () => [by]).seal(purpose, { ...session, ...change }));
  return made;
}
const json = { accept: 'application/json' };
/** A request with a name that a browser would not let a page choose. */
const named = (host: string): Promise<Response> =>
  new Promise((done, fail) => {
    const asked = httpRequest({ host: '127.0.0.1', port, path: '/runs', headers: { host } }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => done(new Response(text, { status: answer.statusCode ?? 0 })));
    });
    asked.on('error', fail);
    asked.end();
  });
const vote = async (at: Browser, change: Record<string, string> = {}, headers: object = {}): Promise<Response> => {
  const { csrf, head } = await formOf(at, gatePage());
  return post(at, gatePage(), { csrf, head, choice: 'approve', ...change }, headers);
};

type Row = [name: string, status: number, says: RegExp, what: string, attempt: () => Promise<Response>];
const rows: Row[] = [
  ['nobody', 401, /not signed in/, 'request-refused', () => browser().request(gatePage(), { headers: json })],
  ['a forged session', 401, /not signed in/, 'request-refused', async () => {
    const at = browser();
    at.cookies(base).set(sessionName, 'A'.repeat(120));
    return at.request(gatePage(), { headers: json });
  }],
  ['a session of another key', 401, /not signed in/, 'request-refused', async () =>
    (await sealedAs({}, 'another key')).request(gatePage(), { headers: json })],
  ['a login in the place of a session', 401, /not signed in/, 'request-refused', async () =>
    (await sealedAs({}, key(), 'login')).request(gatePage(), { headers: json })],
  ['a session of another issuer', 401, /not signed in/, 'request-refused', async () =>
    (await sealedAs({ issuer: 'https://evil.example/' })).request(gatePage(), { headers: json })],
  ['a session of nine hours', 401, /not signed in/, 'request-refused', async () =>
    (await sealedAs({ born: Date.now() - 9 * 3_600_000 })).request(gatePage(), { headers: json })],
  ['a session that nobody used for an hour', 401, /not signed in/, 'request-refused', async () =>
    (await sealedAs({ seen: Date.now() - 61 * 60_000 })).request(gatePage(), { headers: json })],
  ['a session from the future', 401, /not signed in/, 'request-refused', async () =>
    (await sealedAs({ born: Date.now() + 600_000 })).request(gatePage(), { headers: json })],
  ['a session that was set before the sign-in', 401, /not signed in/, 'request-refused', async () => {
    const victim = browser();
    victim.cookies(base).set(sessionName, 'fixed-by-mallory');
    await victim.request(await toCallback(victim, base, 'lead-subject'));
    expect(victim.cookies(base).get(sessionName)).not.toBe('fixed-by-mallory');
    const mallory = browser();
    mallory.cookies(base).set(sessionName, 'fixed-by-mallory');
    return mallory.request(gatePage(), { headers: json });
  }],
  ['a callback of a login that this browser did not start', 403, /did not start a login/, 'request-refused', async () =>
    browser().request(await toCallback(browser(), base, 'lead-subject'))],
  ['a callback with another state', 403, /does not belong to this login/, 'request-refused', async () => {
    const at = browser();
    return at.request((await toCallback(at, base, 'lead-subject')).replace(/state=[^&]+/, 'state=forged'));
  }],
  ['a callback twice', 403, /did not start a login/, 'request-refused', async () => {
    const at = browser();
    const url = await toCallback(at, base, 'lead-subject');
    await at.request(url);
    return at.request(url);
  }],
  ['a code of another login', 403, /refused the code|does not belong/, 'request-refused', async () => {
    const [one, two] = [browser(), browser()];
    const [first, other] = [await toCallback(one, base, 'lead-subject'), await toCallback(two, base, 'dev-subject')];
    const code = new URL(other).searchParams.get('code') ?? '';
    return one.request(first.replace(/code=[^&]+/, `code=${code}`));
  }],
  ['a subject that the policy does not list', 403, /oidc: &quot;mallory&quot;|oidc: "mallory"/, 'sign-in-refused', async () =>
    (await signIn(base, 'mallory')).request(`${base}/runs`)],
  ['a listed subject in other letters', 403, /LEAD-SUBJECT/, 'sign-in-refused', async () =>
    (await signIn(base, 'LEAD-SUBJECT')).request(`${base}/runs`)],
  ['an approver by an address that is not verified', 403, /does not list/, 'sign-in-refused', async () =>
    vote(await signIn(base, 'mallory'))],
  ['a vote without a token', 403, /not from this session/, 'request-refused', () => vote(lead, { csrf: '' })],
  ['a vote with the token of another session', 403, /not from this session/, 'request-refused', async () => {
    const { csrf } = await formOf(await signIn(base, 'lead-subject'), gatePage());
    return vote(lead, { csrf });
  }],
  ['a vote from another site', 403, /did not come from these pages/, 'request-refused', () =>
    vote(lead, {}, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })],
  ['a vote from a page of a sister site', 403, /did not come from these pages/, 'request-refused', () =>
    vote(lead, {}, { 'sec-fetch-site': 'same-site' })],
  ['a vote as JSON', 415, /must be sent as a form/, 'request-refused', () =>
    vote(lead, {}, { 'content-type': 'application/json' })],
  ['a name that was rebound to this machine', 421, /not served under that name/, 'request-refused', () => named('evil.example')],
  ['a name that only begins like ours', 421, /not served under that name/, 'request-refused', () => named('127.0.0.1.evil.example')],
  ['a page as an image of another site', 403, /may not load these pages/, 'request-refused', () =>
    lead.request(`${base}/runs`, {
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    })],
  ['the requester, who is an approver too', 403, /requested this run/, 'vote-refused', async () => {
    const dev = await signIn(base, 'dev-subject');
    const [{ csrf }, { head }] = [await formOf(dev, `${base}/settings`), await formOf(lead, gatePage())];
    return post(dev, gatePage(), { csrf, head, choice: 'approve' });
  }],
  ['a vote for what was shown before', 403, /The vote is for/, 'vote-refused', () => vote(lead, { head: 'f'.repeat(64) })],
  ['a vote on a gate that is not there', 404, /There is no|has no gate/, 'request-refused', async () => {
    const { csrf } = await formOf(lead, gatePage());
    return post(lead, `${base}/gates/${runId}.plan.9`, { csrf, head: 'x', choice: 'approve' });
  }],
  ['a vote by a reader of another team', 404, /There is no/, 'request-refused', async () => {
    const far = await signIn(base, 'far-subject');
    const [{ csrf }, { head }] = [await formOf(far, `${base}/settings`), await formOf(lead, gatePage())];
    return post(far, gatePage(), { csrf, head, choice: 'approve' });
  }],
  ['a reader of another team who reads a gate', 404, /There is no/, '', async () => (await signIn(base, 'far-subject')).request(gatePage())],
  ['a pause by somebody who does not operate', 403, /may not pause/, 'pause-refused', async () => {
    const at = await signIn(base, 'far-subject');
    const { csrf } = await formOf(at, `${base}/settings`);
    return post(at, `${base}/pause`, { csrf, paused: 'yes', reason: 'x' });
  }],
  ['a search by a pattern without end', 400, /path of the search is invalid/, '', () =>
    lead.request(`${base}/audit?path=${encodeURIComponent('+(a|+(a|+(a)))')}`)],
]; // biome-ignore format: rows

test.for(rows)('refused, with a line in the audit: %s', async ([, status, says, what, attempt], { task }) => {
  const answer = await attempt();
  const text = (await answer.text()).replace(/<[^>]*>/g, ' ');
  expect([answer.status, says.test(text)], text.slice(0, 600)).toEqual([status, true]);
  shown(task, `${status} ${says.exec(text)?.[0] ?? ''}`);
  if (what === '') return;
  const lines = (await (await lead.request(`${base}/audit.jsonl?what=${what}`)).text()).trim().split('\n');
  const told = what === 'sign-in-refused' ? /The policy lists no person with the subject/ : says;
  expect(
    lines.some((line) => line.includes('"channel":"page"') && told.test(line)),
    lines.slice(0, 30).join('\n'),
  ).toBe(true);
  expect(cli(world, 'status', 'FIX-1', '--data', world.data, '--json').json).toMatchObject({ state: 'PlanGate' });
});

test('two votes of one person over two channels count once', async ({ task }) => {
  expect((await vote(lead)).status).toBe(303);
  const again = cli(world, 'approve', gate, '--as', 'lead', '--data', world.data, '--json');
  shown(task, (again.json.error as { name: string }).name);
  expect([again.code, (again.json.error as { name: string }).name]).toEqual([
    2,
    expect.stringMatching(/GateClosed|VoteRefused/),
  ]);
  const lines = (await (await lead.request(`${base}/audit.jsonl?what=vote-refused`)).text()).trim().split('\n');
  expect(lines.some((line) => line.includes('"channel":"terminal"') && line.includes('"who":"lead"'))).toBe(true);
});

test('sign-in, restart and another key of the sessions: an approval days later works after a sign-in', async () => {
  const file = join(world.data, 'sessions.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const state = () => cli(world, 'status', 'FIX-1', '--data', world.data, '--json').json;
  await expect.poll(() => state().state, { timeout: 60_000, interval: 500 }).toBe('ReviewGate');
  gate = String(state().gate);
  const days = (n: number): void => {
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: { key: string; at: number }[] };
    writeFileSync(file, JSON.stringify({ keys: keys.map(({ key, at }) => ({ key, at: at - n * 86_400_000 })) }));
  };
  for (const _ of [1, 2]) {
    await server.stop();
    days(3);
    server = await serveForPeople(world, { port, issuer: issuer.url });
    await browser().request(`${base}/login`);
  }
  // The key of the old session is gone with the second rotation.
  expect((await lead.request(gatePage(), { headers: json })).status).toBe(401);
  lead = await signIn(base, 'lead-subject');
  expect((await vote(lead)).status).toBe(303);
  const lines = (await (await lead.request(`${base}/audit.jsonl?what=vote&who=lead`)).text()).trim().split('\n');
  expect(lines).toHaveLength(2);
  expect(await (await lead.request(`${base}/audit?check=yes`)).text()).toContain('The audit is what was written');
});
