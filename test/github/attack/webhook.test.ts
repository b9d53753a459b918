import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createWebhook } from '../../../adapters/github/webhook/receiver.ts';
import { openInbox } from '../../../adapters/local/webhooks/inbox.ts';
import { listenForWebhooks } from '../../../cli/local/webhook-listener.ts';
import { open, sendRaw } from '../../support/raw-http.ts';
import { shown } from '../../support/shown.ts';

const path = '/webhooks/github';
const secret = 'the secret that counts';
const marker = 'ECHO-ME-NOT';
/** What each push of these tests holds beside its commit. */
const push = {
  repository: { full_name: 'acme/calc' },
  sender: { login: 'dev-gh', type: 'User' },
  ref: 'refs/heads/main',
  before: '0'.repeat(40),
};
const good = JSON.stringify({ ...push, after: '1'.repeat(40), marker });
const hmac = (body: string | Uint8Array, key = secret, algorithm = 'sha256'): string =>
  createHmac(algorithm, key).update(body).digest('hex');
const sign = (body: string | Uint8Array, key = secret): string => `sha256=${hmac(body, key)}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-webhook-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Headers of a delivery as GitHub sends it; `undefined` leaves one out, a list says it more than once. */
type Headers = Record<string, string | string[] | undefined>;

/** One delivery, as bytes on the wire: whatever is not said is right. */
function delivery(of: { body?: string | Uint8Array; headers?: Headers; method?: string; path?: string }): Buffer {
  const body = Buffer.from(of.body ?? good);
  const headers: Headers = {
    Host: '127.0.0.1',
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    'X-GitHub-Event': 'push',
    'X-GitHub-Delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'X-Hub-Signature-256': sign(body),
    ...of.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `${name}: ${each}`),
  );
  const head = `${of.method ?? 'POST'} ${of.path ?? path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
const signed = (signature: string | string[] | undefined) =>
  delivery({ headers: { 'X-Hub-Signature-256': signature } });
const typed = (type: string | undefined) => delivery({ headers: { 'Content-Type': type } });
const event = (name: string | string[] | undefined) => delivery({ headers: { 'X-GitHub-Event': name } });
const chunked = (...chunks: (string | Uint8Array)[]): (string | Uint8Array)[] => [
  delivery({
    body: '',
    headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked', 'X-Hub-Signature-256': sign(good) },
  }),
  ...chunks,
];
const megabyte = Buffer.alloc(1024 * 1024, 'a');

describe('R10 hostile deliveries are refused at the front door, with the reason, and leave nothing', () => {
  let shared: string;
  let inbox: ReturnType<typeof openInbox>;
  let listener: Awaited<ReturnType<typeof listenForWebhooks>>;
  const secrets = [secret];
  beforeAll(async () => {
    shared = mkdtempSync(join(tmpdir(), 'drydock-webhooks-'));
    inbox = openInbox(join(shared, 'inbox.sqlite'), { now: Date.now });
    listener = await listenForWebhooks({ app: createWebhook({ secrets: () => secrets, inbox }), port: 0 });
  });
  afterAll(async () => {
    await listener.close();
    inbox.close();
    rmSync(shared, { recursive: true, force: true });
  });

  const unsigned = /X-Hub-Signature-256 is not a valid signature/;
  const wrong = /does not match the body and a secret that is valid here/;
  const noJson = /not valid JSON in UTF-8/;
  const noObject = /The JSON is not an object/;
  // Those without a reason are refused by the HTTP parser, before anything of ours sees them.
  test.for<[string, number, RegExp | undefined, (Buffer | string | Uint8Array)[]]>([
    ['no signature', 401, unsigned, [signed(undefined)]],
    ['an empty signature', 401, unsigned, [signed('')]],
    ['a forged signature', 401, wrong, [signed(sign(good, 'a guess'))]],
    ['random hex for a signature', 401, wrong, [signed(`sha256=${'0'.repeat(64)}`)]],
    ['a truncated signature', 401, unsigned, [signed(sign(good).slice(0, -2))]],
    ['a signature with more behind it', 401, unsigned, [signed(`${sign(good)}00`)]],
    ['an upper-case signature', 401, unsigned, [signed(`sha256=${hmac(good).toUpperCase()}`)]],
    ['a signature without its algorithm', 401, unsigned, [signed(hmac(good))]],
    ['SHA-1 in place of SHA-256', 401, unsigned, [signed(`sha1=${hmac(good, secret, 'sha1')}`)]],
    ['SHA-512 under the name of SHA-256', 401, unsigned, [signed(`sha256=${hmac(good, secret, 'sha512')}`)]],
    [
      'a valid SHA-1 signature alone',
      401,
      unsigned,
      [
        delivery({
          headers: { 'X-Hub-Signature-256': undefined, 'X-Hub-Signature': `sha1=${hmac(good, secret, 'sha1')}` },
        }),
      ],
    ],
    ['two signatures, one of them right', 401, unsigned, [signed([sign(good, 'a guess'), sign(good)])]],
    ['the signature of another body', 401, wrong, [signed(sign(`${good} `))]],
    ['a signature under the empty secret', 401, wrong, [signed(sign(good, ''))]],
    ['a signature under a secret whose rotation ended', 401, wrong, [signed(sign(good, 'the secret of last year'))]],
    ['a body that was signed for another event', 400, /is not a check_run event/, [event('check_run')]],
    ['a push that came in as a review', 400, /is not a pull_request_review event/, [event('pull_request_review')]],
    [
      '25 MiB and a byte, by its header',
      413,
      /exceeds 26214400 bytes/,
      [delivery({ headers: { 'Content-Length': '26214401' } })],
    ],
    [
      '26 MiB in chunks that say nothing before',
      413,
      /exceeds 26214400 bytes/,
      chunked(
        ...Array.from({ length: 26 }, () => Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')])),
      ),
    ],
    ['a length that is no number', 400, undefined, [delivery({ headers: { 'Content-Length': '1e3' } })]],
    ['a negative length', 400, undefined, [delivery({ headers: { 'Content-Length': '-1' } })]],
    ['two lengths', 400, undefined, [delivery({ headers: { 'Content-Length': [String(good.length), '5'] } })]],
    [
      'a length beside chunks',
      400,
      undefined,
      [delivery({ body: '0\r\n\r\n', headers: { 'Transfer-Encoding': 'chunked', 'Content-Length': '5' } })],
    ],
    ['a chunk that is longer than it says', 400, undefined, chunked(`5\r\n${good}\r\n0\r\n\r\n`)],
    ['a chunk whose size is no number', 400, undefined, chunked(`zz\r\n${good}\r\n0\r\n\r\n`)],
    ['a body longer than its length', 400, undefined, [delivery({ headers: { 'Content-Length': '2' } })]],
    ['100,000 arrays in each other', 400, /nested more than 64 levels/, [delivery({ body: '['.repeat(100_000) })]],
    [
      '100,000 objects in each other, closed again',
      400,
      /nested more than 64 levels/,
      [delivery({ body: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}` })],
    ],
    ['a JSON array', 400, noObject, [delivery({ body: `[${good}]` })]],
    ['a JSON string', 400, noObject, [delivery({ body: JSON.stringify(good) })]],
    ['JSON null', 400, noObject, [delivery({ body: 'null' })]],
    ['no body', 400, noJson, [delivery({ body: '' })]],
    ['a cut-off body, signed as it is', 400, noJson, [delivery({ body: good.slice(0, -1) })]],
    ['NUL bytes', 400, noJson, [delivery({ body: good.replace('main', '\0') })]],
    [
      'invalid UTF-8',
      400,
      noJson,
      [delivery({ body: Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]) })],
    ],
    ['UTF-16', 400, noJson, [delivery({ body: Buffer.from(good, 'utf16le') })]],
    ['a byte-order mark', 400, noJson, [delivery({ body: `\uFEFF${good}` })]],
    [
      'a form, as a webhook sends it whose content type was left alone',
      415,
      /content type is not application\/json/,
      [
        delivery({
          body: `payload=${encodeURIComponent(good)}`,
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        }),
      ],
    ],
    ['no content type', 415, /content type is not application\/json/, [typed(undefined)]],
    ['another content type', 415, /content type is not application\/json/, [typed('text/plain')]],
    [
      'JSON of another character set',
      415,
      /content type is not application\/json/,
      [typed('application/json; charset=utf-16')],
    ],
    ['two content types', 415, /content type is not application\/json/, [typed('application/json, text/html')]],
    ['GET', 405, /POST/, [delivery({ method: 'GET', body: '' })]],
    ['PUT', 405, /POST/, [delivery({ method: 'PUT' })]],
    ['another path', 404, /^Not found\.$/, [delivery({ path: '/runs' })]],
    ['a path that climbs', 404, /^Not found\.$/, [delivery({ path: '/webhooks/github/../../runs' })]],
    ['no event', 400, /is not a valid event name/, [event(undefined)]],
    ['an event in capitals', 400, /is not a valid event name/, [event('PUSH')]],
    ['an event that is a path', 400, /is not a valid event name/, [event('../push')]],
    ['an event of 51 letters', 400, /is not a valid event name/, [event('p'.repeat(51))]],
    ['two events', 400, /is not a valid event name/, [event(['push', 'status'])]],
    ['an event with a header in it', 400, undefined, [event('push\nX-Hub-Signature-256: x')]],
    ['a header that goes on in the next line', 400, undefined, [event('pu\r\n sh')]],
    ['20 KiB of headers', 431, undefined, [delivery({ headers: { 'X-Filler': 'x'.repeat(20_480) } })]],
  ])('%s: %i', async ([, status, reason, parts], { task }) => {
    const answer = await sendRaw(listener.url, ...parts);
    shown(task, `${answer.status} ${answer.body}`);
    expect(answer.status).toBe(status);
    expect(answer.closed).toBe(true);
    expect(answer.body).not.toContain(marker);
    expect(answer.headers.get('set-cookie')).toBeUndefined();
    if (reason) {
      const { error } = JSON.parse(answer.body) as { error: { name: string; message: string; remedy: string } };
      expect(error.name).toBe('DeliveryRefused');
      expect(error.message).toMatch(reason);
      expect(error.remedy).not.toBe('');
    }
    expect(await inbox.counts()).toEqual({ waiting: 0, setAside: 0 });
  });

  test('a form is told what to set', async () => {
    const answer = await sendRaw(listener.url, typed('application/x-www-form-urlencoded'));
    expect(answer.body).toContain('content type to application/json');
  });

  test('a body that breaks off leaves nothing', async () => {
    const { socket, answer } = await open(listener.url);
    socket.end(delivery({}).subarray(0, -5));
    const { status } = await answer;
    expect([0, 400]).toContain(status);
    expect(await inbox.counts()).toEqual({ waiting: 0, setAside: 0 });
  });
});

describe('R11 R10 what is taken at the front door', () => {
  /** A front door of its own over a new inbox. */
  async function start(options: { secrets?: string[]; headersTimeoutMs?: number; requestTimeoutMs?: number } = {}) {
    const { secrets = [secret], ...timeouts } = options;
    const inbox = openInbox(join(folder, 'inbox.sqlite'), { now: Date.now });
    const app = createWebhook({ secrets: () => secrets, inbox });
    const listener = await listenForWebhooks({ app, port: 0, ...timeouts });
    return {
      ...listener,
      inbox,
      secrets,
      async close() {
        await listener.close();
        inbox.close();
      },
    };
  }

  test('a replay is queued once, whatever id it carries', async () => {
    const door = await start();
    const again = delivery({ headers: { 'X-GitHub-Delivery': 'another' } });
    const answers = [
      await sendRaw(door.url, delivery({})),
      await sendRaw(door.url, again),
      await sendRaw(door.url, again),
    ];
    expect(answers.map(({ status, body }) => [status, JSON.parse(body)])).toEqual([
      [202, { queued: true }],
      [202, { queued: false }],
      [202, { queued: false }],
    ]);
    expect(await door.inbox.counts()).toEqual({ waiting: 1, setAside: 0 });
    await door.close();
  });

  test('both secrets are valid during a rotation, and the old one ends with it', async () => {
    const door = await start({ secrets: ['new', 'old'] });
    const by = async (key: string) => (await sendRaw(door.url, signed(sign(good, key)))).status;
    expect([await by('new'), await by('old')]).toEqual([202, 202]);
    door.secrets.pop();
    expect([await by('new'), await by('old')]).toEqual([202, 401]);
    await door.close();
  });

  test('chunks and a charset are fine', async () => {
    const door = await start();
    const answer = await sendRaw(door.url, ...chunked(`${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([202, { queued: true }]);
    expect((await sendRaw(door.url, typed('application/json; charset=UTF-8'))).status).toBe(202);
    await door.close();
  });

  // Left alone, Node looks at slow connections twice a minute, and this would take longer than it may.
  test('slow headers and slow bodies end in 408, also when something trickles', async () => {
    const door = await start({ headersTimeoutMs: 500, requestTimeoutMs: 1_000 });
    const whole = delivery({});
    const [silent, headers, body, trickle] = await Promise.all([1, 2, 3, 4].map(() => open(door.url)));
    headers?.socket.write(whole.subarray(0, 40));
    body?.socket.write(whole.subarray(0, -5));
    const drip = setInterval(() => trickle?.socket.write('X'), 50);
    trickle?.socket.write(whole.subarray(0, 40));
    const answers = await Promise.all([silent, headers, body, trickle].map((connection) => connection?.answer));
    clearInterval(drip);
    expect(answers.map((answer) => [answer?.status, answer?.closed])).toEqual(
      Array.from({ length: 4 }, () => [408, true]),
    );
    expect(await door.inbox.counts()).toEqual({ waiting: 0, setAside: 0 });
    await door.close();
  }, 20_000);

  test('while 200 slow connections are open, a good delivery is answered', async () => {
    const door = await start();
    const slow = await Promise.all(Array.from({ length: 200 }, () => open(door.url)));
    for (const { socket } of slow) socket.write(delivery({}).subarray(0, -5));
    expect((await sendRaw(door.url, delivery({}))).status).toBe(202);
    for (const { socket } of slow) socket.destroy();
    await door.close();
  });

  test('closing waits for nobody who does not send', async () => {
    const door = await start();
    const { socket, answer } = await open(door.url);
    socket.write(delivery({}).subarray(0, -5));
    const idle = await open(door.url);
    await door.close();
    expect([(await answer).closed, (await idle.answer).closed]).toEqual([true, true]);
  });

  test('a port that is taken is refused by name', async () => {
    const door = await start();
    const app = createWebhook({ secrets: () => [secret], inbox: door.inbox });
    const taken = listenForWebhooks({ app, port: Number(new URL(door.url).port) });
    await expect(taken).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining('EADDRINUSE') });
    await door.close();
  });
});

describe('R12 a thousand deliveries at once', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  const program = join(import.meta.dirname, '../../support/webhook-child.ts');
  const bodies = Array.from({ length: 1_000 }, (_, n) =>
    JSON.stringify({ ...push, after: (n + 1).toString(16).padStart(40, '0'), filler: 'x'.repeat(4_000) }),
  );

  async function serve(...args: string[]): Promise<{ url: string; child: ChildProcess; gone: Promise<unknown> }> {
    const child = spawn(process.execPath, [program, join(folder, 'inbox.sqlite'), secret, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    for await (const url of createInterface({ input: child.stdout })) return { url, child, gone };
    throw new Error('it did not start');
  }

  /** Delivers all at once; `answered` hears each answer. */
  async function deliverAll(
    url: string,
    answered: (body: string, status: number, queued: boolean) => void,
  ): Promise<void> {
    const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
    const deliver = (body: string): Promise<void> =>
      new Promise((resolve) => {
        const outgoing = request(
          url + path,
          {
            method: 'POST',
            agent,
            headers: {
              'Content-Type': 'application/json',
              'X-GitHub-Event': 'push',
              'X-Hub-Signature-256': sign(body),
            },
          },
          (response) => {
            let text = '';
            response.on('data', (chunk: Buffer) => {
              text += chunk.toString();
            });
            response.on('close', () => {
              if (response.complete) answered(body, response.statusCode ?? 0, text.includes('true'));
              resolve();
            });
          },
        );
        outgoing.on('error', () => resolve());
        outgoing.end(body);
      });
    await Promise.all(bodies.map(deliver));
    agent.destroy();
  }

  test('are all answered with 202 and all kept', async () => {
    const { url, child, gone } = await serve();
    const statuses: number[] = [];
    await deliverAll(url, (_, status) => void statuses.push(status));
    expect(statuses).toEqual(bodies.map(() => 202));
    child.kill('SIGKILL');
    await gone;
    const inbox = openInbox(join(folder, 'inbox.sqlite'), { now: Date.now });
    expect(await inbox.counts()).toEqual({ waiting: 1_000, setAside: 0 });
    inbox.close();
  });

  test('of which none that was answered is lost when the process is killed in the middle', async () => {
    const first = await serve();
    const answered: string[] = [];
    await deliverAll(first.url, (body, status) => {
      expect(status).toBe(202);
      answered.push(body);
      if (answered.length === 300) first.child.kill('SIGKILL');
    });
    await first.gone;
    expect(answered.length).toBeGreaterThanOrEqual(300);
    expect(answered.length).toBeLessThan(1_000);
    const second = await serve();
    const kept: string[] = [];
    await deliverAll(second.url, (body, status, queued) => {
      expect(status).toBe(202);
      if (!queued) kept.push(body);
    });
    expect(answered.filter((body) => !kept.includes(body))).toEqual([]);
    second.child.kill('SIGKILL');
    await second.gone;
    const inbox = openInbox(join(folder, 'inbox.sqlite'), { now: Date.now });
    expect(await inbox.counts()).toEqual({ waiting: 1_000, setAside: 0 });
    inbox.close();
  });

  test('are each handled, though the process that works on them is killed again and again', async () => {
    const handled = join(folder, 'handled');
    const lines = (): string[] => {
      try {
        return readFileSync(handled, 'utf8').split('\n').slice(0, -1);
      } catch {
        return [];
      }
    };
    const fill = await serve();
    await deliverAll(fill.url, () => undefined);
    fill.child.kill('SIGKILL');
    await fill.gone;
    let lives = 0;
    for (let before = 0; new Set(lines()).size < 1_000; before = lines().length, lives++) {
      const { child, gone } = await serve(handled);
      while (lines().length < Math.min(before + 250, 1_000) && new Set(lines()).size < 1_000) {
        await setTimeout(5);
      }
      child.kill('SIGKILL');
      await gone;
    }
    const ids = bodies.map((body) => createHash('sha256').update(`push\0${body}`).digest('hex'));
    expect(new Set(lines())).toEqual(new Set(ids));
    // At least once; twice only what was in hand when its process was killed.
    expect(lines().length).toBeLessThanOrEqual(1_000 + lives * 8);
    expect(lives).toBeGreaterThan(1);
  });
});
