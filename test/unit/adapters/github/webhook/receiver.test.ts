import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dropped } from '../../../../../adapters/github/webhook/intake.ts';
import { createWebhook, type WebhookOptions } from '../../../../../adapters/github/webhook/receiver.ts';
import type { Delivery } from '../../../../../core/ports/host/inbox.ts';

const secret = 'It is a secret to everybody';
const sign = (body: string | Uint8Array, key = secret): string =>
  `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

const a = 'a'.repeat(40);
const dev = { login: 'dev-gh', type: 'User' };
const from = { repository: { full_name: 'acme/calc' }, sender: dev };
const origin = { repository: 'acme/calc', sender: { login: 'dev-gh', bot: false } };
const idOf = (event: string, body: string): string => createHash('sha256').update(`${event}\0${body}`).digest('hex');
/** The fields of a push, without the braces around them: a test puts more beside them. */
const push = JSON.stringify({ ...from, ref: 'refs/heads/main', before: a, after: a }).slice(1, -1);
const pushed = { ...origin, kind: 'push', branch: 'main', before: a, after: a };

/** A front door with a recording inbox behind it. */
function door(options: Partial<WebhookOptions> = {}) {
  const stored: Pick<Delivery, 'id' | 'event'>[] = [];
  const dropped: Dropped[] = [];
  const faults: unknown[] = [];
  let woken = 0;
  const app = createWebhook({
    secrets: () => [secret],
    inbox: {
      put: async (delivery) => {
        const known = stored.some(({ id }) => id === delivery.id);
        if (!known) stored.push(delivery);
        return !known;
      },
    },
    wake: () => {
      woken += 1;
    },
    onDropped: (message) => dropped.push(message),
    onFault: (error) => faults.push(error),
    ...options,
  });
  const deliver = async (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const response = await app.request('/webhooks/github', {
      method: 'POST',
      body: body as string,
      headers: {
        'Content-Type': 'application/json',
        'X-GitHub-Event': 'push',
        'X-Hub-Signature-256': sign(body),
        ...headers,
      },
    });
    return { status: response.status, headers: response.headers, json: (await response.json()) as unknown };
  };
  return { app, deliver, stored, dropped, faults, woken: () => woken };
}
const named = (json: unknown): string | undefined => (json as { error?: { name?: string } }).error?.name;

describe('R10 the front door of webhooks', () => {
  test('keeps the event of a signed delivery under the digest of its name and raw body, wakes the work once and says whether it is new', async () => {
    const { deliver, stored, woken } = door();
    const body = `{ ${push},\n "ünicode":"\\u0000🚢" }`;
    expect(await deliver(body)).toMatchObject({ status: 202, json: { queued: true } });
    expect(await deliver(body)).toMatchObject({ status: 202, json: { queued: false } });
    expect(stored).toEqual([{ id: idOf('push', body), event: pushed }]);
    expect(woken()).toBe(1);
  });

  test('does not answer before the inbox has it', async () => {
    const kept = Promise.withResolvers<boolean>();
    const put = Promise.withResolvers<void>();
    const inbox = {
      put: () => {
        put.resolve();
        return kept.promise;
      },
    };
    let answered = false;
    const answer = door({ inbox })
      .deliver(`{${push}}`)
      .then((said) => {
        answered = true;
        return said;
      });
    await put.promise;
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    kept.resolve(true);
    expect((await answer).status).toBe(202);
  });

  test('during a rotation both secrets are valid, after it the old one is not', async () => {
    const secrets = ['new', 'old'];
    const { deliver, stored } = door({ secrets: () => secrets });
    const by = async (key: string, body: string) =>
      (await deliver(body, { 'X-Hub-Signature-256': sign(body, key) })).status;
    const body = (n: number): string => `{${push},"n":${n}}`;
    expect([await by('new', body(1)), await by('old', body(2))]).toEqual([202, 202]);
    secrets.pop();
    expect([await by('new', body(3)), await by('old', body(4))]).toEqual([202, 401]);
    expect(stored).toHaveLength(3);
  });

  test.each([[[]], [['']]])('with the secrets %j it refuses everything', async (secrets: string[]) => {
    const { deliver, stored } = door({ secrets: () => secrets });
    const answer = await deliver('{}', { 'X-Hub-Signature-256': sign('{}', '') });
    expect([answer.status, named(answer.json), stored]).toEqual([503, 'DeliveryRefused', []]);
  });

  test('an inbox that cannot store is told to the operator and not to the sender', async () => {
    const { deliver, faults } = door({ inbox: { put: () => Promise.reject(new Error('disk of /home/me is full')) } });
    const answer = await deliver(`{${push}}`);
    expect(answer.status).toBe(503);
    expect(JSON.stringify(answer.json)).not.toContain('disk');
    expect(faults).toEqual([new Error('disk of /home/me is full')]);
  });

  test('nothing else answers, and nothing sets a cookie', async () => {
    const { app, deliver } = door();
    for (const path of ['/', '/runs', '/webhooks', '/webhooks/github/', '/webhooks/github/x', '//webhooks/github']) {
      expect([path, (await app.request(path)).status]).toEqual([path, 404]);
    }
    expect((await deliver('{}')).headers.get('set-cookie')).toBeNull();
    const put = await app.request('/webhooks/github', { method: 'PUT' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('a signature is of exactly these bytes', async () => {
    const { deliver, stored } = door();
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.nat(), fc.nat(7), async (text, at, bit) => {
        const bytes = Buffer.from(`{${push},"a":${text}}`);
        const signature = sign(bytes);
        const changed = Buffer.from(bytes);
        const index = at % changed.length;
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        expect((await deliver(changed, { 'X-Hub-Signature-256': signature })).status).toBe(401);
        expect((await deliver(bytes, { 'X-Hub-Signature-256': signature })).status).toBe(202);
      }),
    );
    expect(stored.length).toBeGreaterThan(0);
    for (const { event } of stored) expect(event).toEqual(pushed);
  });

  test('whatever signed bytes come, they are kept only when they are a JSON object that is not too deep', async () => {
    const depthOf = (value: unknown): number =>
      typeof value !== 'object' || value === null ? 0 : 1 + Math.max(0, ...Object.values(value).map(depthOf));
    const deep = fc
      .integer({ min: 1, max: 90 })
      .chain((depth) =>
        fc.constantFrom(
          `${'{"a":'.repeat(depth)}"]["${'}'.repeat(depth)}`,
          `{"b":"\\"","a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`,
          `{"a":${'['.repeat(depth)}"\\"}"${']'.repeat(depth)}}`,
        ),
      );
    const raw = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      deep.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw)),
    );
    // Beside the fields of a push, so that it is kept; and alone, where the event's name asks for nothing.
    const bytes = fc.tuple(raw, fc.boolean()).map(([some, alone]) => ({
      name: alone ? 'ping' : 'push',
      body: alone ? some : Buffer.concat([Buffer.from(`{${push},"more":`), some, Buffer.from('}')]),
    }));
    await fc.assert(
      fc.asyncProperty(bytes, async ({ name, body }) => {
        let object = false;
        try {
          const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
          object = typeof value === 'object' && value !== null && !Array.isArray(value) && depthOf(value) <= 64;
        } catch {
          // no JSON
        }
        const { deliver, stored, dropped } = door();
        const answer = await deliver(body, { 'X-GitHub-Event': name });
        expect(answer.status).toBe(object ? 202 : 400);
        const [kept, ignored] = name === 'push' ? [stored, dropped] : [dropped, stored];
        expect(kept).toHaveLength(object ? 1 : 0);
        expect(ignored).toEqual([]);
        for (const { id, event } of stored) expect([id, event]).toEqual([idOf('push', body.toString()), pushed]);
      }),
      { numRuns: 300 },
    );
  });

  const review = { id: 9, commit_id: a, state: 'APPROVED', body: 'Good.', user: dev };
  const issue = { number: 5, pull_request: {} };
  const comment = { id: 8, created_at: '2026-11-21T06:00:00Z', body: '/drydock status', user: dev };
  test.each<[string, object, number]>([
    ['push', { ref: 'refs/heads/main', before: a, after: a }, 202],
    ['push', { ref: 'refs/heads/main', ref_type: 'branch' }, 400],
    ['check_run', { action: 'completed', check_suite: {} }, 400],
    ['pull_request_review', { action: 'submitted', pull_request: { number: 5 } }, 400],
    ['pull_request_review', { action: 'submitted', pull_request: { number: 5 }, review }, 202],
    ['issue_comment', { action: 'created', pull_request: {}, comment }, 400],
    ['issue_comment', { action: 'created', issue, comment }, 202],
    ['status', { sha: a, state: 'success' }, 400],
    ['status', { sha: a, state: 'success', context: 'ci' }, 202],
  ])('%s with %j is answered %i', async (event, payload, status) => {
    const { deliver, stored, dropped } = door();
    const body = JSON.stringify({ ...from, ...payload });
    expect((await deliver(body, { 'X-GitHub-Event': event })).status).toBe(status);
    expect(stored).toEqual(status === 202 ? [{ id: idOf(event, body), event: expect.objectContaining(origin) }] : []);
    expect(dropped).toEqual([]);
  });

  test.each<[string, object, 'ignored' | 'refused', RegExp]>([
    ['ping', {}, 'ignored', /no handler for ping/],
    ['constructor', {}, 'ignored', /no handler for constructor/],
    ['issue_comment', { action: 'deleted', issue, comment }, 'ignored', /issue_comment deleted/],
    ['status', { sha: a, state: 'pending', context: 'ci' }, 'ignored', /pending/],
    ['push', { ref: 'refs/heads/main', before: a, after: '1' }, 'refused', /after/],
    ['pull_request_review', { action: 'submitted', pull_request: {}, review: {} }, 'refused', /pull_request\.number/],
  ])('%s with %j is answered 202, %s with the reason, and not queued', async (event, payload, outcome, reason) => {
    const { deliver, stored, dropped, woken } = door();
    const answer = await deliver(JSON.stringify({ ...from, ...payload }), { 'X-GitHub-Event': event });
    expect([answer.status, answer.json]).toEqual([202, { queued: false }]);
    expect(dropped).toEqual([{ event, outcome, reason: expect.stringMatching(reason) }]);
    expect([stored, woken()]).toEqual([[], 0]);
  });

  test('two messages about the same event are two deliveries', async () => {
    const { deliver, stored } = door();
    const ci = (conclusion: string) => JSON.stringify({ ...from, sha: a, state: conclusion, context: 'ci' });
    for (const state of ['failure', 'success']) {
      expect((await deliver(ci(state), { 'X-GitHub-Event': 'status' })).json).toEqual({ queued: true });
    }
    expect(stored[0]?.event).toEqual(stored[1]?.event);
    expect(stored[0]?.id).not.toBe(stored[1]?.id);
  });

  test('what has a wrong signature is not looked into', async () => {
    const { deliver } = door();
    const wrong = { 'X-Hub-Signature-256': sign('{}', 'another'), 'X-GitHub-Event': 'NO EVENT' };
    expect((await deliver('no JSON', wrong)).status).toBe(401);
    // Without a signature at all the body is not even read.
    const { app } = door();
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull: (controller) => {
          pulled += 1;
          controller.enqueue(new Uint8Array(10));
        },
      },
      { highWaterMark: 0 },
    );
    const request = new Request('http://127.0.0.1/webhooks/github', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Hub-Signature': 'sha1=00' },
      body,
      duplex: 'half',
    });
    expect((await app.fetch(request)).status).toBe(401);
    expect(pulled).toBe(0);
  });

  test('a body that never ends is cut off at the limit', async () => {
    const { app, stored } = door({ maxBytes: 100 });
    let pulled = 0;
    let cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(30));
      },
      cancel: () => {
        cancelled = true;
      },
    });
    const request = new Request('http://127.0.0.1/webhooks/github', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-GitHub-Event': 'ping', 'X-Hub-Signature-256': sign('') },
      body,
      duplex: 'half',
    });
    expect((await app.fetch(request)).status).toBe(413);
    expect(pulled).toBeLessThan(8);
    expect([cancelled, stored]).toEqual([true, []]);
  });

  test('a body of exactly the limit passes, one byte more does not', async () => {
    const { deliver } = door({ maxBytes: 100 });
    const of = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    const ping = { 'X-GitHub-Event': 'ping' };
    expect([(await deliver(of(100), ping)).status, (await deliver(of(101), ping)).status]).toEqual([202, 413]);
  });
});
