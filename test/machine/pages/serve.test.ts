import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createWorld, type World } from '../../support/world.ts';

const program = resolve(import.meta.dirname, '../../../bin/drydock.ts');
const children: ChildProcess[] = [];
let world: World;

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await new Promise((done) => child.once('close', done));
    }
  }
  world.remove();
});

interface Ended {
  code: number | null;
  out: string;
}

/** The command line in a world of its own; resolves with its first line, and later with its end. */
function drydock(...args: string[]): { child: ChildProcess; line: Promise<string>; end: Promise<Ended> } {
  const child = spawn(process.execPath, [program, ...args, '--data', world.data, '--json'], {
    cwd: world.repo,
    env: { ...process.env, HOME: world.folder, DRYDOCK_POLICY: join(world.folder, 'policy.yaml') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let out = '';
  const first = Promise.withResolvers<string>();
  const end = Promise.withResolvers<Ended>();
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    const [line, more] = out.split('\n');
    if (line !== undefined && more !== undefined) first.resolve(line);
  });
  child.on('close', (code) => {
    first.reject(new Error(`ended with ${code} before it said anything`));
    first.promise.catch(() => undefined);
    end.resolve({ code, out });
  });
  return { child, line: first.promise, end: end.promise };
}

async function serve(...args: string[]) {
  const server = drydock('serve', '--port', '0', ...args);
  const said = JSON.parse(await server.line) as { url: string; resumed: number };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    server.child.kill(signal);
    return server.end;
  };
  return { ...said, ...server, stop };
}

test('serve runs what others submit, links its gates, and is decided on from another terminal', async () => {
  world = createWorld();
  const server = await serve('--as', 'lead');
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(server.resumed).toBe(0);

  const { file } = world.spec();
  const waiting = JSON.parse((await drydock('run', file, '--as', 'dev@example.com').end).out) as {
    status: string;
    gate: string;
  };
  expect(waiting.status).toBe('waiting');
  const outbox = await (await fetch(`${server.url}/outbox`)).text();
  expect(outbox).toContain(`href="${server.url}/gates/${waiting.gate}"`);
  const page = await fetch(`${server.url}/gates/${waiting.gate}`);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Decide as lead')]);

  const busy = await drydock('serve', '--port', '0').end;
  expect(busy.code).toBe(4);
  expect(JSON.parse(busy.out).error).toMatchObject({
    name: 'DataFolderBusy',
    remedy: expect.stringContaining('--data'),
  });

  expect((await drydock('reject', waiting.gate, 'no', '--as', 'lead').end).code).toBe(0);
  // The stream of a run ends with the run.
  const followed = await (await fetch(`${server.url}/runs/${waiting.gate.split('.')[0]}/follow`)).text();
  expect(followed).toContain('"status":"rejected"');
  expect((await server.stop()).code).toBe(0);
});

test.each([
  'SIGTERM',
  'SIGINT',
] as const)('%s ends it cleanly, also while a page follows a run; the next one takes up what is unfinished', async (signal) => {
  world = createWorld();
  const first = await serve();
  const { file } = world.spec();
  const { runId } = JSON.parse((await drydock('run', file).end).out) as { runId: string };
  const following = await fetch(`${first.url}/runs/${runId}/follow`);
  const reader = following.body?.getReader();
  await reader?.read();
  expect(await first.stop(signal)).toMatchObject({ code: 0 });
  await expect(
    (async () => {
      while (!(await reader?.read())?.done);
    })(),
  ).rejects.toThrow();

  const second = await serve();
  expect(second.resumed).toBe(1);
  expect(await (await fetch(`${second.url}/runs`)).text()).toContain('1 need a person');
  await second.stop();
});

test.each([
  ['--port', '70000'],
  ['--port', 'http'],
])('%s %s is a usage error', async (...args) => {
  world = createWorld();
  const { code, out } = await drydock('serve', ...args).end;
  expect(code).toBe(2);
  expect(JSON.parse(out).error.name).toBe('UsageError');
});

test('a port that is taken is named, and the data folder is free again', async () => {
  world = createWorld();
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  const { port } = taken.address() as AddressInfo;
  const { code, out } = await drydock('serve', '--port', String(port)).end;
  taken.close();
  expect(code).toBe(2);
  expect(JSON.parse(out).error).toMatchObject({ name: 'UsageError', remedy: expect.stringContaining('--port 0') });
  await (await serve()).stop();
});
