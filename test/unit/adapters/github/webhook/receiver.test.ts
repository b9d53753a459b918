import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWebhook, type WebhookOptions } from '../../../../../adapters/github/webhook/receiver.ts';

const secret = 'It is a secret to everybody';
const sign = (body: string | Uint8Array, key = secret): string =>
  `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

/** A front door with a recording inbox behind it. */
function door(options: Partial<WebhookOptions> = {}) {
  const stored: { event: string; body: string }[] = [];
  const faults: unknown[] = [];
  let woken = 0;
  const app = createWebhook({
    secrets: () => [secret],
    inbox: {
      put: async (delivery) => {
        const known = stored.some(({ event, body }) => event === delivery.event && body === delivery.body);
        if (!known) stored.push(delivery);
        return !known;
      },
    },
    wake: () => {
      woken += 1;
    },
    onFault: (error) => faults.push(error),
    ...options,
  });
  const deliver = async (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const response = await app.request('/webhooks/github', {
      method: 'POST',
      body: body as string,
      headers: {
        'Content-Type': 'application/json',
        'X-GitHub-Event': 'ping',
        'X-Hub-Signature-256': sign(body),
        ...headers,
      },
    });
    return { status: response.status, headers: response.headers, json: (await response.json()) as unknown };
  };
  return { app, deliver, stored, faults, woken: () => woken };
}
const named = (json: unknown): string | undefined => (json as { error?: { name?: string } }).error?.name;

describe('R10 the front door of webhooks', () => {
  test('keeps a signed delivery as it came, wakes the work once and says whether it is new', async () => {
    const { deliver, stored, woken } = door();
    const body = '{ "after":"1",\n "ünicode":"\\u0000🚢" }';
    expect(await deliver(body)).toMatchObject({ status: 202, json: { queued: true } });
    expect(await deliver(body)).toMatchObject({ status: 202, json: { queued: false } });
    expect(stored).toEqual([{ event: 'ping', body }]);
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
      .deliver('{}')
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
    expect([await by('new', '{"n":1}'), await by('old', '{"n":2}')]).toEqual([202, 202]);
    secrets.pop();
    expect([await by('new', '{"n":3}'), await by('old', '{"n":4}')]).toEqual([202, 401]);
    expect(stored).toHaveLength(3);
  });

  test.each([[[]], [['']]])('with the secrets %j it refuses everything', async (secrets: string[]) => {
    const { deliver, stored } = door({ secrets: () => secrets });
    const answer = await deliver('{}', { 'X-Hub-Signature-256': sign('{}', '') });
    expect([answer.status, named(answer.json), stored]).toEqual([503, 'DeliveryRefused', []]);
  });

  test('an inbox that cannot store is told to the operator and not to the sender', async () => {
    const { deliver, faults } = door({ inbox: { put: () => Promise.reject(new Error('disk of /home/me is full')) } });
    const answer = await deliver('{}');
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
        const bytes = Buffer.from(`{"a":${text}}`);
        const signature = sign(bytes);
        const changed = Buffer.from(bytes);
        const index = at % changed.length;
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        expect((await deliver(changed, { 'X-Hub-Signature-256': signature })).status).toBe(401);
        expect((await deliver(bytes, { 'X-Hub-Signature-256': signature })).status).toBe(202);
      }),
    );
    expect(stored.every(({ body }) => typeof JSON.parse(body) === 'object')).toBe(true);
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
    const bytes = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      deep.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        let object = false;
        try {
          const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
          object = typeof value === 'object' && value !== null && !Array.isArray(value) && depthOf(value) <= 64;
        } catch {
          // no JSON
        }
        const { deliver, stored } = door();
        const answer = await deliver(body);
        expect(answer.status).toBe(object ? 202 : 400);
        expect(stored).toEqual(object ? [{ event: 'ping', body: body.toString() }] : []);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['push', '{"ref":"refs/heads/main","after":"1"}', 202],
    ['push', '{"ref":"refs/heads/main","ref_type":"branch"}', 400],
    ['check_run', '{"action":"completed","check_suite":{}}', 400],
    ['pull_request_review', '{"action":"submitted","pull_request":{}}', 400],
    ['pull_request_review', '{"action":"submitted","pull_request":{},"review":{}}', 202],
    ['issue_comment', '{"pull_request":{},"comment":{}}', 400],
    ['issue_comment', '{"issue":{},"comment":{}}', 202],
    ['status', '{"sha":"1","state":"success"}', 400],
    ['status', '{"sha":"1","state":"success","context":"ci"}', 202],
    ['constructor', '{}', 202],
  ])('%s with %s is answered %i', async (event, body, status) => {
    const { deliver, stored } = door();
    expect((await deliver(body, { 'X-GitHub-Event': event })).status).toBe(status);
    expect(stored).toEqual(status === 202 ? [{ event, body }] : []);
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
    expect([(await deliver(of(100))).status, (await deliver(of(101))).status]).toEqual([202, 413]);
  });
});
