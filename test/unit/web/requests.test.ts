import { describe, expect, test } from 'vitest';
import { DrydockError, type ErrorName } from '../../../core/errors.ts';
import { aGate, aRun, fake, gateId, head, lastVote, runId } from './fake.ts';

const gate = `/gates/${gateId}`;
const run = `/runs/${runId}`;
const vote = { choice: 'approve', head };

describe('R24 a decision', () => {
  test.each([
    [
      { choice: 'approve', constraint: ' Keep it small ' },
      { choice: 'approve', text: '', constraint: 'Keep it small' },
    ],
    [
      { choice: 'approve', edit: 'phases: []' },
      { choice: 'approve', text: '', edit: 'phases: []' },
    ],
    [
      { choice: 'revise', text: 'a\r\nb' },
      { choice: 'revise', text: 'a\nb' },
    ],
    [
      { choice: 'reject', text: 'no' },
      { choice: 'reject', text: 'no' },
    ],
    [
      { choice: 'answer', option: 'left' },
      { choice: 'answer', text: 'left' },
    ],
    [
      { choice: 'answer', option: 'left', text: 'neither' },
      { choice: 'answer', text: 'neither' },
    ],
  ])('%o is cast as the person who serves, for what was seen', async (fields, expected) => {
    const site = fake();
    const answer = await site.submit(gate, gate, { head, ...fields, who: 'mallory', person: 'mallory' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, gate]);
    expect(lastVote(site)).toEqual({ gate: gateId, who: 'lead', head, ...expected });
  });

  test.each([
    [{ choice: 'revise', head, text: ' ' }],
    [{ choice: 'answer', head }],
    [{ choice: 'merge', head, text: 'x' }],
    [{ choice: 'approve' }],
  ])('%o is refused by name', async (fields) => {
    const site = fake();
    const answer = await site.submit(gate, gate, fields);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('AnswerInvalid');
    expect(site.acts).toEqual([]);
  });

  test.each<[ErrorName, number]>([
    ['VoteRefused', 403],
    ['GateClosed', 409],
    ['GateExpired', 410],
    ['AlternativesExhausted', 409],
    ['ResultInvalid', 409],
  ])('%s becomes a page with status %i and a way back', async (name, status) => {
    const site = fake({ vote: () => Promise.reject(new DrydockError(name, 'because')) });
    const answer = await site.submit(gate, gate, vote);
    const text = await answer.text();
    expect(answer.status).toBe(status);
    expect(text).toContain('because');
    expect(text).toContain(`href="${gate}"`);
  });

  test('cancel, retry and pause go through the same checks', async () => {
    const site = fake({ run: async () => aRun({ status: 'failed' }) });
    expect((await site.submit(run, `${run}/retry`, {})).headers.get('location')).toBe(`/runs/r-${'e'.repeat(40)}`);
    await site.submit(run, `${run}/cancel`, { reason: 'enough' });
    await site.submit('/runs', '/pause', { paused: 'yes' });
    await site.submit('/runs', '/pause', { paused: 'no' });
    expect(site.acts.map(({ method, args }) => [method, ...args.filter((arg) => typeof arg !== 'object')])).toEqual([
      ['retry', runId, 'lead'],
      ['cancel', runId, 'lead', 'enough'],
      ['pause', true, 'lead'],
      ['pause', false, 'lead'],
    ]);
    for (const action of [`${run}/retry`, `${run}/cancel`, '/pause']) {
      expect((await site.submit(run, action, { csrf: 'x' })).status).toBe(403);
    }
    expect(site.acts).toHaveLength(4);
  });
});

describe('R24 the link grants nothing', () => {
  const pages = [
    '/',
    '/runs',
    run,
    `${run}/follow`,
    `${run}/audit`,
    `${run}/audit.json`,
    `${run}/activity`,
    gate,
    '/outbox',
    '/budget',
  ];

  test('reading changes nothing, whatever the address says', async () => {
    const site = fake();
    const query = `?choice=approve&head=${head}&csrf=x&paused=yes`;
    for (const path of [...pages, `${run}/cancel`, `${run}/retry`, '/pause']) {
      for (const method of ['GET', 'HEAD']) {
        await site.app.request(`http://127.0.0.1:7717${path}${query}`, { method, headers: { host: '127.0.0.1:7717' } });
      }
    }
    expect(site.acts).toEqual([]);
  });

  test.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['no token', { csrf: '' }, {}, 403],
    ['a token of another length', { csrf: 'x' }, {}, 403],
    ['a token of another session', {}, { cookie: `drydock_session=${'0'.repeat(64)}` }, 403],
    ['no session', {}, { cookie: '' }, 403],
    ['another origin', {}, { origin: 'https://evil.example' }, 403],
    ['another port of this machine', {}, { origin: 'http://127.0.0.1:8000' }, 403],
    ['an origin that only begins like ours', {}, { origin: 'http://127.0.0.1:7717.evil.example' }, 403],
    ['our origin from another site', {}, { 'sec-fetch-site': 'cross-site' }, 403],
    ['another port as the browser tells', {}, { origin: 'null', 'sec-fetch-site': 'same-site' }, 403],
    ['nothing that says it is ours', {}, { origin: 'null', 'sec-fetch-site': 'none' }, 403],
    ['another content type', {}, { 'content-type': 'text/plain' }, 415],
    ['another host', {}, { host: 'evil.example:7717', origin: 'http://evil.example:7717' }, 421],
    ['too much', { text: 'x'.repeat(1024 * 1024) }, {}, 413],
  ])('a form with %s is refused', async (_name, fields, headers, status) => {
    const site = fake();
    const answer = await site.submit(gate, gate, { ...vote, ...fields }, headers);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain('RequestRefused');
    expect(site.acts).toEqual([]);
  });

  test.each([
    ['Origin: null, as browsers send it under no-referrer', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    ['the name localhost', { host: 'localhost:7717', origin: 'http://localhost:7717' }],
  ])('a form of ours is taken with %s', async (_name, headers) => {
    const site = fake();
    expect((await site.submit(gate, gate, vote, headers)).status).toBe(303);
    expect(site.acts).toHaveLength(1);
  });

  test('a browser too old to say where a form comes from is refused', async () => {
    const site = fake();
    const { text, headers } = await site.get(gate);
    const answer = await site.app.request(`http://127.0.0.1:7717${gate}`, {
      method: 'POST',
      body: new URLSearchParams({ ...vote, csrf: /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '' }).toString(),
      headers: {
        host: '127.0.0.1:7717',
        'content-type': 'application/x-www-form-urlencoded',
        cookie: headers.get('set-cookie')?.split(';')[0] ?? '',
      },
    });
    expect(answer.status).toBe(403);
    expect(site.acts).toEqual([]);
  });

  test.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example:7717',
    '',
    '[::1',
    '10.0.0.1:7717',
  ])('nothing is read under the name %o', async (host) => {
    const answer = await fake().get(gate, { host });
    expect(answer.status).toBe(421);
    expect(answer.text).not.toContain('Approve the plan');
  });

  test('other names may be configured, and then only those', async () => {
    const site = fake({}, { hosts: ['drydock.example.com'] });
    expect((await site.get('/runs', { host: 'drydock.example.com' })).status).toBe(200);
    expect((await site.get('/runs', { host: 'localhost' })).status).toBe(421);
  });

  test('every answer has the headers that keep it to itself', async () => {
    const site = fake({ gate: async () => aGate() });
    for (const path of [...pages, '/none']) {
      const { headers } = await site.get(path);
      expect(headers.get('content-security-policy'), path).toMatch(/^default-src 'none'.*frame-ancestors 'none'$/);
      expect(headers.get('content-security-policy'), path).not.toContain('unsafe');
      expect(headers.get('referrer-policy'), path).toBe('no-referrer');
      expect(headers.get('cache-control'), path).toBe('no-store');
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('set-cookie'), path).toMatch(/HttpOnly; SameSite=Strict/);
    }
  });

  test('the stylesheet is named by its content and may be kept', async () => {
    const site = fake();
    const path = /rel="stylesheet" href="([^"]+)"/.exec((await site.get('/runs')).text)?.[1] ?? '';
    expect(path).toMatch(/^\/assets\/drydock-[0-9a-f]{12}\.css$/);
    const { status, headers } = await site.get(path);
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'text/css; charset=utf-8',
      'public, max-age=31536000, immutable',
    ]);
  });

  test('a session is kept once it is there', async () => {
    const site = fake();
    const cookie = (await site.get('/runs')).headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await site.get('/runs', { cookie })).headers.get('set-cookie')).toBeNull();
    expect((await site.get('/runs', { cookie: 'drydock_session=short' })).headers.get('set-cookie')).not.toBeNull();
  });
});
