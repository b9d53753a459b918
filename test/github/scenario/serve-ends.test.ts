import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { saveAppFile } from '../../../cli/config/github.ts';
import { createWorld, type World } from '../../support/world.ts';

const program = join(import.meta.dirname, '../../../bin/drydock.ts');
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const app = {
  ...{ version: 1 as const, appId: 1, slug: 'drydock', owner: 'acme', webhookSecrets: ['of-the-webhooks'] },
  privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
};

let world: World;
let github: Server;
let server: ChildProcess | undefined;
let asked: PromiseWithResolvers<string>;

beforeEach(async () => {
  world = createWorld();
  asked = Promise.withResolvers();
  github = createServer((request, response) => {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '55' }).end('{"message":"Slow down"}');
    asked.resolve(request.url ?? '');
  });
  await once(github.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(github.address() as AddressInfo).port}`;
  saveAppFile(world.data, { ...app, apiUrl: url, gitUrl: url }, false);
});
afterEach(() => {
  server?.kill('SIGKILL');
  github.closeAllConnections();
  github.close();
  world.remove();
});

/** Ends with the exit code of `drydock serve`, which is asked to stop at the first answer that tells it to wait for 55 seconds. */
async function stoppedWhileItWaits(repositories: Record<string, unknown>): Promise<{ code: unknown; path: string }> {
  const file = world.policy({ repositories: { 'acme/calc': { host: 'git', url: './repo' }, ...repositories } });
  const options = ['--port', '0', '--webhook-port', '0', '--policy', file, '--data', world.data, '--as', 'lead'];
  const child = spawn(process.execPath, [program, 'serve', ...options], {
    env: { PATH: process.env.PATH, HOME: world.folder },
    stdio: 'ignore',
  });
  server = child;
  const exit = once(child, 'exit');
  const path = await asked.promise;
  child.kill('SIGTERM');
  return { code: (await exit)[0], path };
}

describe('the server process ends when it is asked to, not when GitHub lets it', () => {
  test('while it starts and imports the baselines', async () => {
    const stopped = await stoppedWhileItWaits({ 'acme/front': { host: 'github', installation: 77 } });
    expect(stopped).toEqual({ code: 0, path: '/app/installations/77/access_tokens' });
  });

  test('while it looks for undelivered webhooks', async () => {
    const stopped = await stoppedWhileItWaits({});
    expect(stopped.code).toBe(0);
    expect(stopped.path).toContain('/app/hook/deliveries');
  });
});
