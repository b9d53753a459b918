import { describe, expect, test } from 'vitest';
import { DrydockError, type ErrorName } from '../../../core/errors.ts';
import { soloPolicy } from '../../../core/policy/schema.ts';
import { RequestRefused } from '../../../web/request-refused.ts';
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
    await site.submit('/settings', '/pause', { paused: 'yes', reason: 'maintenance' });
    await site.submit('/settings', '/pause', { paused: 'no' });
    expect(site.acts.map(({ method, args }) => [method, ...args.filter((arg) => typeof arg !== 'object')])).toEqual([
      ['retry', runId, 'lead'],
      ['cancel', runId, 'lead', 'enough'],
      ['pause', true, 'lead', 'maintenance'],
      ['pause', false, 'lead', ''],
    ]);
    for (const action of [`${run}/retry`, `${run}/cancel`, '/pause']) {
      expect((await site.submit(run, action, { csrf: 'x' })).status).toBe(403);
    }
    expect(site.acts).toHaveLength(4);
  });
});

describe('R9 a request in plain language', () => {
  test('starts a draft as the person who asks, and leads to its run', async () => {
    const policy = soloPolicy({ id: 'lead', email: 'lead@example.com' }, [{ name: 'acme/calc', url: './repo' }]);
    const site = fake({}, { policy });
    const fields = { repository: 'acme/calc', text: 'Make add add.', assume: 'yes' };
    const { status, headers } = await site.submit('/repositories', '/repositories/draft', fields);
    expect([status, headers.get('location')]).toEqual([303, run]);
    expect(site.acts).toMatchObject([
      { method: 'draft', args: [{ repository: 'acme/calc', text: 'Make add add.', assume: true, requester: 'lead' }] },
    ]);
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

  test.each([
    ['an image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, 403],
    ['a frame', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, 403],
    ['a stream', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, 403],
    ['a link', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 200],
  ])('a page as %s of another site is answered with %j: %d', async (_name, headers, status) => {
    const answer = await fake().app.request('http://127.0.0.1:7717/runs', {
      headers: { host: '127.0.0.1:7717', ...headers },
    });
    expect(answer.status).toBe(status);
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
      expect(headers.get('x-frame-options'), path).toBe('DENY');
      expect(headers.get('cross-origin-opener-policy'), path).toBe('same-origin');
      expect(headers.get('cross-origin-resource-policy'), path).toBe('same-origin');
      expect(headers.get('strict-transport-security'), path).toBe('max-age=15552000');
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

describe('a refused form is shown again with what was written', () => {
  const form = (text: string, choice: string): string =>
    text
      .split('<form ')
      .filter((part) => part.includes(`name="choice" value="${choice}"`))
      .join('');
  const yaml = 'phases:\n  - nme: <Mend>\n';
  const shown = 'phases:\n  - nme: &lt;Mend&gt;\n';

  test('an edited plan with a fault, under the name of the plan and not of the sandbox', async () => {
    const site = fake({
      vote: () => Promise.reject(new DrydockError('PlanInvalid', 'line 2: phases.0: Unrecognized key: "nme"')),
    });
    const answer = await site.submit(gate, gate, { ...vote, edit: yaml });
    const text = await answer.text();
    expect(answer.status).toBe(422);
    expect(text).toContain('line 2: phases.0');
    expect(/role="alert">(.*?)<\/div>/s.exec(text)?.[1]).not.toContain('sandbox');
    expect(text).toContain(shown.trimEnd());
    expect(text).toContain('<details open>');
  });

  test.each([
    ['a reason', { choice: 'reject', text: 'not <now>' }, 'not &lt;now&gt;', 'reject'],
    ['a request', { choice: 'revise', text: 'smaller' }, 'smaller', 'revise'],
    ['a constraint', { choice: 'approve', constraint: 'only src' }, 'value="only src"', 'approve'],
  ])('%s, when the vote is refused', async (_name, fields, kept, choice) => {
    const site = fake({ vote: () => Promise.reject(new DrydockError('VoteRefused', 'because')) });
    const text = await (await site.submit(gate, gate, { head, ...fields })).text();
    expect(form(text, choice)).toContain(kept);
  });

  test('what was written for a gate that somebody else closed can still be copied', async () => {
    const closed = aGate({
      status: 'decided',
      decision: { outcome: 'approved', by: ['second'], text: '', at: '2026-11-21T11:59:30.000Z' },
    });
    const site = fake({
      gate: async () => closed,
      vote: () => Promise.reject(new DrydockError('GateClosed', 'decided')),
    });
    const page = await site.submit('/settings', gate, { head, choice: 'revise', text: 'long thoughts' });
    expect([page.status, await page.text()]).toEqual([409, expect.stringMatching(/Your text.*long thoughts/s)]);
  });

  test('a form of an earlier session, which one click then sends', async () => {
    const site = fake();
    const fields = { choice: 'revise', head, text: 'long thoughts' };
    const refused = await site.submit(gate, gate, { ...fields, csrf: 'of another session' });
    const text = await refused.text();
    expect([refused.status, site.acts]).toEqual([403, []]);
    expect(form(text, 'revise')).toContain('long thoughts');
    expect((await site.submit(gate, gate, fields)).status).toBe(303);
    expect(lastVote(site)).toMatchObject({ choice: 'revise', text: 'long thoughts' });
  });

  test('a session that is over: the words stay, with the way to sign in and to go on', async () => {
    const over = () => {
      throw new RequestRefused(401, 'You are not signed in; nothing was changed.', 'Sign in, and repeat the request.');
    };
    const site = fake({}, { authenticate: over });
    const answer = await site.submit('/assets/none', gate, {
      choice: 'revise',
      head,
      text: 'long <thoughts>',
      csrf: 'x',
    });
    const text = await answer.text();
    expect([answer.status, site.acts]).toEqual([401, []]);
    expect(text).toContain('long &lt;thoughts&gt;</textarea>');
    expect(text).toContain(`href="/login?to=${encodeURIComponent(gate)}"`);
    expect(text).toContain(`<form method="post" action="${gate}"><input type="hidden" name="choice" value="revise">`);
    expect(text).not.toContain('name="csrf"');
  });

  test('a reason to cancel, when that is refused', async () => {
    const site = fake({ cancel: () => Promise.reject(new DrydockError('GateClosed', 'it has ended')) });
    const text = await (await site.submit(run, `${run}/cancel`, { reason: 'wrong base' })).text();
    expect(text).toMatch(/Your text.*wrong base/s);
  });

  test('of a foreign form nothing is repeated', async () => {
    const site = fake();
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const answer = await site.submit(gate, gate, { choice: 'revise', head, text: 'planted words' }, headers);
    expect([answer.status, (await answer.text()).includes('planted words')]).toEqual([403, false]);
  });
});

describe('the options of an escalation', () => {
  const asked = {
    kind: 'question' as const,
    acceptable: true,
    question: { question: 'What now?', context: '', options: ['Approve it', 'A hint', 'Give up'] },
    options: [
      { label: 'Approve it', does: 'accept' as const },
      { label: 'A hint', does: 'answer' as const, text: 'required' as const },
      { label: 'Give up', does: 'reject' as const },
    ],
  };
  test.each([
    [{ option: 'Give up' }, { choice: 'reject', text: 'Give up' }],
    [
      { option: 'Give up', text: 'too dear' },
      { choice: 'reject', text: 'too dear' },
    ],
    [{ option: 'Approve it' }, { choice: 'approve', text: 'Approve it' }],
    [
      { option: 'A hint', text: 'use the other parser' },
      { choice: 'answer', text: 'use the other parser' },
    ],
    [{ text: 'in my words' }, { choice: 'answer', text: 'in my words' }],
  ])('%o does what it says', async (fields, expected) => {
    const site = fake({ gate: async () => aGate(asked) });
    expect((await site.submit(gate, gate, { choice: 'answer', head, ...fields })).status).toBe(303);
    expect(lastVote(site)).toMatchObject(expected);
  });

  test('a hint without words is not sent, and the page says what each option does', async () => {
    const site = fake({ gate: async () => aGate(asked) });
    const answer = await site.submit(gate, gate, { choice: 'answer', head, option: 'A hint' });
    const text = await answer.text();
    expect([answer.status, site.acts]).toEqual([422, []]);
    expect(text).toMatch(/value="A hint" checked/);
    for (const note of ['ends the run', 'approves the change as it is', 'write it below']) expect(text).toContain(note);
  });
});
