/** The wire by contract, on both of its ways in: the server process's socket, and a function behind a route of API Gateway. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import { proxyService } from '../../../cli/local/control-client.ts';
import { type ControlServer, serveControl } from '../../../cli/local/control-server.ts';
import { http } from '../../../cli/local/http.ts';
import { DrydockError } from '../../../core/errors.ts';
import { policySchema } from '../../../core/policy/schema.ts';
import { iamRoute } from '../../../lambdas/http/iam-route.ts';
import { decodeAnswer, encodeCall, encodeResult } from '../../../pipeline/api/answer.ts';
import { callService, decodeCall, methodNames } from '../../../pipeline/api/calls.ts';
import type { Service } from '../../../pipeline/service/service.ts';

const calls: [string, unknown[]][] = [];
const said: { answer: unknown; fault?: Error } = { answer: null };
/** Remembers what it was asked. */
const service = Object.fromEntries(
  methodNames.map((name) => [
    name,
    async (...args: unknown[]) => {
      calls.push([name, args]);
      if (said.fault) throw said.fault;
      return said.answer;
    },
  ]),
) as unknown as Service;

const folder = mkdtempSync(join(tmpdir(), 'dd-'));
const socket = join(folder, 's', 'o.sock');
let control: ControlServer;
beforeAll(async () => {
  control = await serveControl({ service } as ServerProcess, socket);
});
afterAll(async () => {
  await control.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  calls.length = 0;
  said.answer = null;
  delete said.fault;
});

const overSocket = (body: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const request = http.request({ socketPath: socket, method: 'POST', path: '/call' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
const handler = iamRoute('POST /operate', async (_caller, body) =>
  encodeResult(await callService(service, methodNames, decodeCall(body))),
);
const overRoute = async (body: string): Promise<{ status: number; text: string }> => {
  const requestContext = { authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:user/u' } } };
  const answer = await handler({ version: '2.0', routeKey: 'POST /operate', requestContext, body });
  return { status: answer.statusCode, text: answer.body };
};

const policy = policySchema.parse({
  version: 1,
  agents: { profiles: { named: { agent: 'codex', model: ['gpt-5', 'gpt-5-mini'] } } },
});
const spec = { file: 'a.yaml', bytes: Buffer.from('a'), policy, requester: 'dev' };
const rows: [string, unknown[]][] = [
  ['submit', [{ ...spec, attempt: 2, dryRun: false, agent: 'x' }]],
  ['retry', ['FIX-1', policy, 'dev']],
  ['estimate', [spec]],
  ['list', []],
  ['list', [5]],
  ['unfinished', []],
  ['unfinished', ['2026-11-21T12:00:00.000Z r-1']],
  ['vote', [{ gate: 'FIX-1', who: 'lead', choice: 'approve', text: '', constraint: 'No new files' }]],
  ['cancel', ['FIX-1', 'dev', 'by hand']],
  ['pause', [true, 'dev', policy]],
  ['budget', ['web', policy]],
  ['why', ['/repo', 'src/a.js', 3]],
  ['idle', []],
  ...(['run', 'ended', 'gate', 'gatesOf', 'egress', 'audit', 'evidence', 'diff', 'needsPerson'] as const).map(
    (name): [string, unknown[]] => [name, ['FIX-1']],
  ),
];

describe.each([
  ['the socket', overSocket],
  ['the function', overRoute],
] as const)('a call over %s', (_name, send) => {
  const client = proxyService(async (method, args) => decodeAnswer((await send(encodeCall(method, args))).text));

  test.each(rows)('%s arrives as it was sent', async (method, args) => {
    said.answer = { here: [1, 'ä', null] };
    const call = client[method as keyof Service] as (...given: unknown[]) => Promise<unknown>;
    expect(await call(...args)).toEqual(said.answer);
    expect(calls).toEqual([[method, args]]);
  });

  test('an error arrives with its name, words, remedy and details', async () => {
    said.fault = new DrydockError('GateClosed', 'It was decided.', { remedy: 'Look.', details: { by: ['lead'] } });
    await expect(client.gate('FIX-1')).rejects.toMatchObject({
      name: 'GateClosed',
      message: 'It was decided.',
      remedy: 'Look.',
      details: { by: ['lead'] },
      exit: 2,
    });
  });

  test('the bytes of a spec travel as base64', () => {
    const { args } = JSON.parse(encodeCall('estimate', [spec])) as { args: object[] };
    expect(args).toEqual([{ file: 'a.yaml', bytesBase64: 'YQ==', policy, requester: 'dev' }]);
  });

  test('an origin is told by pushes only: what else comes with a spec does not arrive', async () => {
    const more = { origin: { branch: 'main', commit: 'x' }, repository: 'a/b', __proto__: { admin: true } };
    await send(encodeCall('submit', [{ ...spec, attempt: 1, dryRun: false, ...more }]));
    expect(Object.keys((calls[0]?.[1][0] ?? {}) as object).sort()).toEqual(
      ['attempt', 'bytes', 'dryRun', 'file', 'policy', 'requester'].sort(),
    );
  });

  test.each([
    ['no JSON', '{"wire":1,'],
    ['another version', '{"wire":2,"method":"run","args":["x"]}'],
    ['no version', '["x"]'],
    ['null', 'null'],
    ['more than a call', '{"wire":1,"method":"run","args":["x"],"who":"lead"}'],
    ['no method of it', encodeCall('close', [])],
    ['a method of every object', encodeCall('constructor', [])],
    ['another', encodeCall('__proto__', [])],
    ['yet another', encodeCall('hasOwnProperty', ['run'])],
    ['too few arguments', encodeCall('run', [])],
    ['too many', encodeCall('run', ['x', 'y'])],
    ['one of another kind', encodeCall('run', [{ toString: 'x' }])],
    ['a choice that is none', encodeCall('vote', [{ gate: 'x', who: 'y', choice: 'merge', text: '' }])],
    ['an attempt below the first', encodeCall('submit', [{ ...spec, attempt: 0, dryRun: false }])],
    ['a reference without end', encodeCall('run', ['x'.repeat(501)])],
  ])('%s is refused by name, and nothing is called', async (_what, body) => {
    const { status, text } = await send(body);
    expect(status).toBe(422);
    expect(JSON.parse(text)).toMatchObject({ error: { name: 'UsageError', message: expect.any(String) } });
    expect(calls).toEqual([]);
  });
});

test('what is larger than the largest spec is refused on the socket', async () => {
  const { text } = await overSocket(encodeCall('run', ['x'.repeat(9 * 1024 * 1024)])).catch(() => ({ text: 'cut' }));
  expect(text).toMatch(/larger than|cut/);
  expect(calls).toEqual([]);
});

describe('a function behind a route', () => {
  const event = {
    version: '2.0',
    routeKey: 'POST /operate',
    requestContext: { requestId: 'r-1', authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:user/u' } } },
    body: encodeCall('run', ['x']),
  };
  test.each([
    ['another route', { ...event, routeKey: 'POST /webhook' }],
    ['no authorizer', { ...event, requestContext: { authorizer: undefined } }],
    ['a token in place of IAM', { ...event, requestContext: { authorizer: { jwt: { claims: { sub: 'lead' } } } } }],
    ['no person', { ...event, requestContext: { authorizer: { iam: { userArn: '' } } } }],
    ['another format', { ...event, version: '1.0' }],
    ['nothing', undefined],
  ])('takes no call by %s', async (_what, given) => {
    expect(await handler(given)).toMatchObject({ statusCode: 403 });
    expect(calls).toEqual([]);
  });

  test('says of what was not expected where to look, and not what it was', async () => {
    said.fault = new Error('key sk-123 of the table');
    const answer = await handler(event);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('r-1');
    expect(answer.body).not.toContain('sk-123');
  });

  test('takes a body in base64 as well', async () => {
    await handler({ ...event, body: Buffer.from(event.body).toString('base64'), isBase64Encoded: true });
    expect(calls).toEqual([['run', ['x']]]);
  });
});
