/** Whose result counts: the gateway takes one, and only when the runner has ended all its steps. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { createGateway } from '../../../gateway/server.ts';
import { configOf, secrets } from '../../unit/gateway/fixture.ts';

let folder: string;
let sent: GatewayMessage[];
let server: http.Server;
const socket = (): string => configOf(folder, {}).socket;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'gw-'));
  sent = [];
  server = await createGateway(configOf(folder, {}), (message) => sent.push(message));
  server.listen(socket());
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

async function send(method: string, target: string, body: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${secrets.runner}` };
  const request = http.request({ socketPath: socket(), method, path: target, headers }).end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  return response.statusCode;
}
const put = (name: string, body: string) => send('PUT', `/artifacts/${name}`, body);
const step = (name: string, status: string) =>
  send('POST', '/events', `${JSON.stringify({ type: 'step', name, status })}\n`);
const failures = () => sent.flatMap((m) => (m.type === 'failure' ? [`${m.name}: ${m.message}`] : []));
const result = () => readFileSync(path.join(folder, 'result.json'), 'utf8');

test('one result, after all steps: it is stored', async () => {
  await step('test', 'started');
  expect(await put('changeset.json', 'x')).toBe(201);
  await step('test', 'failed');
  expect(await put('result.json', 'the runner')).toBe(201);
  expect([failures(), result()]).toEqual([[], 'the runner']);
});

test('a second result: the phase is lost, whoever put which', async () => {
  expect([await put('result.json', 'first'), await put('result.json', 'second')]).toEqual([201, 409]);
  expect(failures()).toEqual(["SandboxLost: a result that is not the runner's: it is the second one"]);
});

test('a result while a command runs: the phase is lost, and it is not stored', async () => {
  for (const name of ['clone', 'test']) await step(name, 'started');
  await step('clone', 'passed');
  expect(await put('result.json', 'forged')).toBe(409);
  expect(failures()).toEqual(["SandboxLost: a result that is not the runner's: it arrived during the step test"]);
  expect(result).toThrow(/ENOENT/);
});

test('another artifact put twice is refused, and the phase goes on', async () => {
  expect([await put('changeset.json', 'first'), await put('changeset.json', 'second')]).toEqual([201, 409]);
  expect(failures()).toEqual([]);
});
