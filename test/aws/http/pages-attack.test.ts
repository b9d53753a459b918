/** Whoever wants in without being asked in: what the door of the pages answers, row by row. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { policySchema } from '../../../core/policy/schema.ts';
import { createLogin, ownPath } from '../../../web/security/login.ts';
import { createIssuer } from '../../../web/security/oidc.ts';
import { createSeal } from '../../../web/security/sealed-cookie.ts';
import { type Forged, type Forger, startForger } from '../../support/forger.ts';
import { type Fake, fake, gateId, head, runId } from '../../unit/web/fake.ts';

const host = 'pages.example';
const origin = `https://${host}`;
const policy = policySchema.parse({
  version: 1,
  people: { lead: { oidc: 'subject', email: 'lead@example.com' }, second: { email: 'second@example.com' } },
});

let forger: Forger;
let site: Fake;
let now: number;
let codes = 0;
beforeAll(async () => {
  forger = await startForger(() => now);
});
afterAll(() => forger.close());
beforeEach(() => {
  now = Date.now();
  forger.forged = {};
  site = deployment();
});

/** @param change Of the deployment that a cookie was not made for. */
function deployment(change: { issuerName?: string; key?: string; people?: object } = {}): Fake {
  const people = policySchema.parse({ ...policy, people: change.people ?? policy.people });
  const authenticate = createLogin({
    issuer: createIssuer({
      issuer: forger.url,
      clientId: 'drydock',
      clientSecret: async () => undefined,
      redirectUri: `${origin}/login/callback`,
      now: () => now,
    }),
    issuerName: change.issuerName ?? forger.url,
    seal: createSeal(async () => [change.key ?? 'the key of the sessions']),
    policy: people,
    now: () => now,
  });
  return fake({}, { authenticate, hosts: [host], now: () => now });
}

const html = { accept: 'text/html,*/*', 'sec-fetch-site': 'none' };
const ask = (path: string, headers: Record<string, string> = {}, at = site): Promise<Response> =>
  Promise.resolve(at.app.request(`${origin}${path}`, { headers: { host, ...html, ...headers } }));
/** `name=value` of the cookies that an answer sets. */
const cookiesOf = (answer: Response): string[] =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='));
const sessionOf = (answer: Response): string | undefined =>
  cookiesOf(answer).find((pair) => pair.startsWith('__Host-drydock_session='));

interface Begun {
  cookie: string;
  state: string;
  code: string;
}
async function begin(to = '/runs', at = site): Promise<Begun> {
  const answer = await ask(`/login?to=${encodeURIComponent(to)}`, {}, at);
  const url = new URL(answer.headers.get('location') ?? '');
  const asked = Object.fromEntries(url.searchParams);
  expect(asked).toMatchObject({
    client_id: 'drydock',
    redirect_uri: `${origin}/login/callback`,
    response_type: 'code',
    code_challenge_method: 'S256',
    scope: 'openid email',
  });
  forger.expect = { nonce: asked.nonce ?? '', challenge: asked.code_challenge ?? '' };
  return { cookie: cookiesOf(answer)[0] ?? '', state: asked.state ?? '', code: `code-${++codes}` };
}
const back = ({ cookie, state, code }: Begun, more: Record<string, string> = {}, at = site): Promise<Response> => {
  const query = new URLSearchParams({ code, state, iss: forger.url, ...more });
  return ask(`/login/callback?${query}`, { cookie, 'sec-fetch-site': 'cross-site' }, at);
};
const signIn = async (forged: Forged = {}, at = site): Promise<string> => {
  forger.forged = forged;
  return sessionOf(await back(await begin('/runs', at), {}, at)) ?? '';
};

describe('R24 an honest login', () => {
  test('gives a session that is Strict, and forgets the one of the login, which was Lax', async () => {
    const begun = await begin('/runs?status=waiting');
    const answer = await back(begun);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('content="0;url=/runs?status=waiting"');
    const [login, session] = answer.headers.getSetCookie().map((line) => line.replace(/^([^=]+)=[\w-]+;/, '$1=…;'));
    expect(login).toBe('__Host-drydock_login=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax');
    expect(session).toBe('__Host-drydock_session=…; Max-Age=28800; Path=/; HttpOnly; Secure; SameSite=Strict');
    expect((await ask('/runs', { cookie: sessionOf(answer) ?? '' })).status).toBe(200);
    const verifier = forger.asked.at(-1)?.get('code_verifier') ?? '';
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(forger.expect.challenge);
    // Nothing of the login is told to the browser in readable form.
    expect(begun.cookie).not.toContain(begun.state);
  });
});

describe('R24 without a session no page answers', () => {
  test('a browser is sent to sign in, anything else is told no; only style and icon are for all', async () => {
    for (const path of ['/', '/runs', `/runs/${runId}`, `/gates/${gateId}`, '/budget', '/nowhere', '/logout']) {
      const sent = await ask(path);
      expect([path, sent.status, sent.headers.get('location')]).toEqual([
        path,
        303,
        `/login?to=${encodeURIComponent(path === '/logout' ? '/' : path)}`,
      ]);
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const headers = { host, origin, 'sec-fetch-site': 'same-origin', accept: '*/*' };
        const answer = await site.app.request(`${origin}${path}`, { method, headers });
        expect([path, method, answer.status]).toEqual([path, method, 401]);
        expect(await answer.text()).not.toContain('FIX-1');
      }
    }
    const style = /href="(\/assets\/[^"]+\.css)"/.exec(await (await ask('/runs', { accept: '*/*' })).text())?.[1];
    expect((await ask(style ?? '')).status).toBe(200);
    expect(site.acts).toEqual([]);
  });

  test.each<[string, () => Promise<string>]>([
    ['forged', async () => '__Host-drydock_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['changed', async () => (await signIn()).replace(/.{5}$/, 'AAAAA')],
    ['sealed with another key', () => signIn({}, deployment({ key: 'another key' }))],
    ['of a session with another issuer', () => signIn({}, deployment({ issuerName: 'https://other.example' }))],
    ['of a login, under the name of a session', async () => (await begin()).cookie.replace('_login=', '_session=')],
    ['under a name that other hosts can set', async () => (await signIn()).replace('__Host-', '')],
    [
      'eight hours old, though never idle',
      async () => {
        let cookie = await signIn();
        for (let half = 0; half < 16; half++) {
          now += 30 * 60_000;
          cookie = sessionOf(await ask('/runs', { cookie })) ?? cookie;
        }
        return cookie;
      },
    ],
    [
      'idle for an hour',
      async () => {
        const cookie = await signIn();
        now += 3_600_000;
        return cookie;
      },
    ],
    [
      'kept alive by a page that only asks for news',
      async () => {
        let cookie = await signIn();
        for (let minutes = 0; minutes < 60; minutes += 20) {
          now += 20 * 60_000;
          cookie = sessionOf(await ask(`/runs/${runId}/follow`, { cookie })) ?? cookie;
        }
        return cookie;
      },
    ],
    [
      'made in the future',
      async () => {
        now += 3_600_000;
        const cookie = await signIn();
        now -= 3_600_000;
        return cookie;
      },
    ],
  ])('a cookie that is %s is none', async (_, make) => {
    const cookie = await make();
    expect(cookie).toMatch(/^\S+=[\w-]{40,}$/);
    expect((await ask('/runs', { cookie })).status).toBe(303);
    expect((await ask('/runs', { cookie, accept: '*/*' })).status).toBe(401);
  });
});

describe('R24 what comes back from elsewhere makes no session', () => {
  test.each<[string, Forged]>([
    ['of another issuer', { claims: { iss: 'https://other.example' } }],
    ['for another client', { claims: { aud: 'other' } }],
    ['for several clients, this one not the party', { claims: { aud: ['drydock', 'other'], azp: 'other' } }],
    ['without a nonce', { claims: { nonce: undefined } }],
    ['with the nonce of another login', { claims: { nonce: 'other' } }],
    ['that is over', { claims: { exp: Math.floor(Date.now() / 1_000) - 3_600 } }],
    ['without a subject', { claims: { sub: undefined } }],
    ['that nobody signed', { alg: 'none' }],
    ['signed with what everybody may read', { alg: 'HS256' }],
    ['signed with a key that is not the issuer’s', { otherKey: true }],
    ['that is missing', { answer: { status: 200, body: { access_token: 'a', token_type: 'bearer' } } }],
    ['in words of a page', { answer: { status: 400, body: { error: '<script>alert(1)</script>' } } }],
    ['that is refused', { answer: { status: 400, body: { error: 'invalid_grant' } } }],
  ])('a token %s', async (_, forged) => {
    forger.forged = forged;
    const answer = await back(await begin());
    expect([answer.status, sessionOf(answer)]).toEqual([403, undefined]);
    const text = await answer.text();
    expect(text).toContain('You are not signed in');
    expect(text).not.toMatch(/<script>alert|eyJ/);
  });

  test.each<[string, (begun: Begun) => Promise<Response>]>([
    ['the callback without a login', ({ state, code }) => back({ cookie: '', state, code })],
    ['another state', (begun) => back({ ...begun, state: 'other' })],
    [
      'no state',
      ({ cookie, code }) => ask(`/login/callback?code=${code}&iss=${encodeURIComponent(forger.url)}`, { cookie }),
    ],
    ['no code', ({ cookie, state }) => ask(`/login/callback?state=${state}`, { cookie })],
    [
      'two states',
      (begun) =>
        back(begun).then(() => ask(`/login/callback?code=x&state=${begun.state}&state=y`, { cookie: begun.cookie })),
    ],
    ['the answer of another issuer', (begun) => back(begun, { iss: 'https://other.example' })],
    ['a refusal of the issuer', (begun) => back(begun, { error: 'access_denied' })],
    [
      'a login cookie and its answer once more',
      async (begun) => {
        expect(sessionOf(await back(begun))).toBeDefined();
        return back(begun);
      },
    ],
    [
      'a stolen login cookie with the answer to another login',
      async (begun) => {
        const own = await begin();
        return back({ ...own, cookie: begun.cookie });
      },
    ],
    [
      'a stolen login cookie and state, with a code of the thief',
      async (begun) => {
        const own = await begin();
        return back({ ...begun, code: own.code });
      },
    ],
    [
      'a login that took too long',
      (begun) => {
        now += 11 * 60_000;
        return back(begun);
      },
    ],
    ['a login cookie of another deployment', async () => back(await begin('/', deployment({ key: 'another key' })))],
  ])('%s', async (_, attack) => {
    const answer = await attack(await begin());
    expect([answer.status, sessionOf(answer)]).toEqual([403, undefined]);
  });

  test('an issuer that does not answer is said to be away', async () => {
    const gone = await startForger();
    await gone.close();
    const issuer = createIssuer({
      issuer: gone.url,
      clientId: 'drydock',
      clientSecret: async () => undefined,
      redirectUri: `${origin}/login/callback`,
      now: () => now,
    });
    await expect(issuer.begin()).rejects.toMatchObject({ status: 503 });
  });
});

describe('R24 a login leads nowhere but to these pages', () => {
  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '/\t/evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/./..//evil.example',
    '/runs/..//evil.example',
    ' /runs',
    'runs',
    '/login?to=/login',
    '/login/callback?code=x',
    '/logout',
    '/é',
    `/${'a'.repeat(2_000)}`,
    '',
  ])('%j is the start', async (to) => {
    expect(ownPath(to)).toBe('/');
    const answer = await back(await begin(to));
    expect(await answer.text()).toContain('content="0;url=/"');
  });
  test.each(['/', '/runs?q=a&status=b', `/gates/${gateId}`])('%j is itself', (to) => expect(ownPath(to)).toBe(to));

  test('a markup in the path is text', async () => {
    const answer = await ask('/login?to=/runs?q="><script>alert(1)</script>', { 'sec-fetch-site': 'cross-site' });
    expect(await answer.text()).not.toContain('<script>alert');
  });

  test('whatever the request says of its host', async () => {
    for (const header of ['x-forwarded-host', 'forwarded', 'x-host'])
      expect((await ask('/login', { [header]: 'evil.example' })).headers.get('location')).toContain(
        encodeURIComponent(`${origin}/login/callback`),
      );
    const foreign = await ask('/login', { host: 'evil.example' });
    expect([foreign.status, foreign.headers.get('location'), foreign.headers.getSetCookie()]).toEqual([421, null, []]);
    const cookie = await signIn();
    expect((await ask('/runs', { cookie, host: 'evil.example' })).status).toBe(421);
  });
});

describe('R24 with a session', () => {
  const vote = async (cookie: string, headers: Record<string, string>, fields: Record<string, string>, path: string) =>
    site.app.request(`${origin}${path}`, {
      method: 'POST',
      body: new URLSearchParams({ choice: 'approve', head, ...fields }).toString(),
      headers: { host, cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
  const csrfOf = async (cookie: string): Promise<string> =>
    /name="csrf" value="([^"]+)"/.exec(await (await ask(`/gates/${gateId}`, { cookie })).text())?.[1] ?? '';
  const ours = { origin, 'sec-fetch-site': 'same-origin' };

  test('a form of ours is taken as that person, whatever it says of itself', async () => {
    const cookie = await signIn();
    const csrf = await csrfOf(cookie);
    const answer = await vote(cookie, ours, { csrf, who: 'second' }, `/gates/${gateId}`);
    expect(answer.status).toBe(303);
    expect(site.acts.at(-1)).toMatchObject({ method: 'vote', args: [{ who: 'lead' }] });
  });

  test.each<[string, Record<string, string>, string]>([
    ['from another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 'own'],
    ['from a neighbour of the same site', { origin: 'https://a.pages.example', 'sec-fetch-site': 'same-site' }, 'own'],
    ['that does not say where it comes from', {}, 'own'],
    ['without the token', ours, ''],
    ['with the token of another session of the same person', ours, 'other'],
    ['that is JSON', { ...ours, 'content-type': 'application/json' }, 'own'],
  ])('a form %s does nothing: not a vote, not a sign-out', async (_, headers, which) => {
    const cookie = await signIn();
    const csrf = which === '' ? '' : await csrfOf(which === 'own' ? cookie : await signIn());
    for (const path of [`/gates/${gateId}`, `/runs/${runId}/cancel`, `/runs/${runId}/retry`, '/pause', '/logout']) {
      const answer = await vote(cookie, headers, { csrf }, path);
      expect([path, [403, 415].includes(answer.status), answer.headers.getSetCookie()]).toEqual([path, true, []]);
    }
    expect(site.acts).toEqual([]);
  });

  test('a link does nothing, whatever it says', async () => {
    const cookie = await signIn();
    const csrf = await csrfOf(cookie);
    await ask(`/gates/${gateId}?choice=approve&head=${head}&csrf=${csrf}`, { cookie });
    expect((await ask('/logout', { cookie })).status).toBe(404);
    expect(site.acts).toEqual([]);
  });

  test.each<[string, Forged]>([
    ['an address that the issuer did not verify', { claims: { sub: 's', email: 'second@example.com' } }],
    ['an address verified in words', { claims: { sub: 's', email: 'second@example.com', email_verified: 'true' } }],
    [
      'the address of a person with a subject',
      { claims: { sub: 's', email: 'lead@example.com', email_verified: true } },
    ],
    [
      'the subject of one and the address of another',
      { claims: { email: 'second@example.com', email_verified: true } },
    ],
    ['a subject in other letters', { claims: { sub: 'Subject' } }],
  ])('of %s one is nobody', async (_, forged) => {
    const cookie = await signIn(forged);
    const answer = await ask('/runs', { cookie });
    expect(answer.status).toBe(403);
    const text = await answer.text();
    expect(text).toContain('Not in the policy');
    expect(text).not.toContain('FIX-1');
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    expect((await vote(cookie, ours, { csrf }, `/gates/${gateId}`)).status).toBe(403);
    expect(site.acts).toEqual([]);
  });

  test('who is taken out of the policy is out with the next request', async () => {
    const cookie = await signIn();
    expect((await ask('/runs', { cookie })).status).toBe(200);
    const later = deployment({ people: { second: { email: 'second@example.com' } } });
    expect((await ask('/runs', { cookie }, later)).status).toBe(403);
  });

  test('a key that was rotated opens the session, and the next cookie is sealed with the new one', async () => {
    const keys = ['old'];
    const authenticate = (ring: () => string[]) =>
      createLogin({
        issuer: createIssuer({
          issuer: forger.url,
          clientId: 'drydock',
          clientSecret: async () => undefined,
          redirectUri: `${origin}/login/callback`,
          now: () => now,
        }),
        issuerName: forger.url,
        seal: createSeal(async () => ring()),
        policy,
        now: () => now,
      });
    const rotated = fake({}, { authenticate: authenticate(() => keys), hosts: [host], now: () => now });
    const cookie = await signIn({}, rotated);
    keys.unshift('new');
    now += 5 * 60_000;
    const renewed = sessionOf(await ask('/runs', { cookie }, rotated)) ?? '';
    expect(renewed).not.toBe('');
    keys.pop();
    expect((await ask('/runs', { cookie: renewed }, rotated)).status).toBe(200);
    expect((await ask('/runs', { cookie }, rotated)).status).toBe(303);
  });
});
