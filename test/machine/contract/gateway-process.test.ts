/** The gateway as the server process has it: a child whose output was caused by a sandbox. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGateway } from '../../../adapters/local/sandbox/gateway-process.ts';
import { writeProgram } from '../../../adapters/local/sandbox/programs.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { configOf, secrets } from '../../unit/gateway/fixture.ts';
import { makeJob, makeWorld, packageRoot, project, runJob } from './phase-fixtures.ts';

let folder: string;
let program: string;
let told: GatewayMessage[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gw-'));
  program = path.join(folder, 'gateway.cjs');
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = (onMessage: (message: GatewayMessage) => void = (message) => told.push(message)) =>
  startGateway(program, Promise.resolve(configOf(folder)), process.getuid?.() ?? 0, onMessage);
const event = { type: 'event', event: { type: 'message', text: 'hello' } } as const;

/** A gateway that prints this after its configuration has arrived, and then ends. */
function printing(output: string, then = 'process.exit(0)'): void {
  writeFileSync(
    program,
    `process.stdin.once('data', () => process.stdout.write(${JSON.stringify(output)}, () => { ${then} }));`,
  );
}

test('C3: a reader that is busy gets every message of a gateway that is stopped meanwhile, each as a whole', async () => {
  await writeProgram('gateway', packageRoot, program);
  const gateway = start();
  await gateway.ready;
  const count = 400;
  const client = `
    const line = JSON.stringify({ type: 'log', source: 's', text: 'x'.repeat(7900) }) + '\\n';
    const request = require('node:http').request(
      { socketPath: ${JSON.stringify(path.join(folder, 'gw.sock'))}, method: 'POST', path: '/events', headers: { authorization: 'Bearer ${secrets.runner}' } },
      (response) => response.pipe(process.stdout));
    request.end(line.repeat(${count}));`;
  // Blocks this thread until the gateway has taken everything: three megabytes, which no pipe holds.
  const answer = execFileSync(process.execPath, ['-e', client], { encoding: 'utf8' });
  expect(JSON.parse(answer)).toEqual({ taken: count, dropped: 0 });
  expect(told).toEqual([]);
  await gateway.stop();
  expect(told.length).toBe(count);
});

test.each([
  [
    'reaches the limit of its heap',
    'const all = []; for (;;) all.push(Array(1e5).fill(all.length));',
    'GatewayOutOfMemory',
  ],
  ['fails', 'process.exit(1)', 'SandboxLost'],
  ['is killed', "process.kill(process.pid, 'SIGKILL')", 'SandboxLost'],
])('a gateway that %s ends a phase that needs it by its name', async (_, then, name) => {
  printing('', then);
  const gateway = startGateway(program, Promise.resolve(configOf(folder)), process.getuid?.() ?? 0, () => {}, 64);
  await expect(gateway.ready).rejects.toMatchObject({ name: 'SandboxLost' });
  expect((await gateway.ended).name).toBe(name);
});

test('C3: a gateway that is killed within a line: the line is nothing, the messages before it are kept', async () => {
  printing(`${JSON.stringify(event)}\n${JSON.stringify(event).slice(0, 30)}`, "process.kill(process.pid, 'SIGKILL')");
  for (const attempt of [1, 2]) {
    const gateway = start();
    await expect(gateway.ready).rejects.toMatchObject({ name: 'SandboxLost' });
    await gateway.ended;
    expect(told).toEqual(Array(attempt).fill(event));
  }
});

test.each([
  ['text', 'Error: something went wrong\n'],
  ['a piece of a message with an end', `${JSON.stringify(event).slice(0, 30)}\n`],
  ['JSON that is no message', '[1,2]\n{"type":"unknown"}\n'],
  ['a message with a field of another type', '{"type":"artifact","name":{},"bytes":1}\n'],
  ['a field that no message has', '{"type":"event","event":{"type":"message","text":"x","more":1}}\n'],
  ['a line that is longer than any message', `{"type":"${'x'.repeat(300_000)}"}\n`],
  ['nesting that no parser walks through', `${'['.repeat(100_000)}\n`],
  ['bytes that are not UTF-8', '\xff\xfe\n'],
])('C3: a line that is not a message ends the phase with SandboxLost, and nothing else: %s', async (_what, line) => {
  printing(`${JSON.stringify(event)}\n${line}${JSON.stringify(event)}\n`, 'setInterval(() => {}, 1_000)');
  const gateway = start();
  await gateway.ended;
  await expect(gateway.ready).rejects.toMatchObject({ name: 'SandboxLost' });
  expect(told).toMatchObject([event, { type: 'failure', name: 'SandboxLost' }]);
});

test('C3: a message whose handling fails ends the phase with SandboxLost, and nothing else', async () => {
  printing(`${JSON.stringify(event)}\n`, 'setInterval(() => {}, 1_000)');
  const gateway = start((message) => {
    if (message.type === 'event') throw new Error('the listener failed');
    told.push(message);
  });
  await gateway.ended;
  await expect(gateway.ready).rejects.toMatchObject({ name: 'SandboxLost' });
  expect(told).toMatchObject([
    { type: 'failure', name: 'SandboxLost', message: expect.stringContaining('the listener failed') },
  ]);
});

test('C3: a gateway that is killed while its sandbox floods it: SandboxLost for that phase, and the next one runs', async () => {
  const world = makeWorld(project, {
    'agent.mjs': `import { once } from 'node:events';
      console.log('flood begins');
      for (;;) if (!process.stdout.write('x'.repeat(5_000) + '\\n')) await once(process.stdout, 'drain');`,
  });
  try {
    const lost = await runJob(world, makeJob(world), {
      onEvent(reported) {
        if (reported.type !== 'log' || !reported.text.includes('flood begins')) return;
        for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
          const argv = commandOf(pid);
          if (argv.at(-1)?.endsWith('gateway.cjs') === true) process.kill(Number(pid), 'SIGKILL');
        }
      },
    });
    expect(lost.failure?.name).toBe('SandboxLost');
    const again = await runJob(world, makeJob(world, { spec: { agent: null, phase: 'verify' } }));
    expect(again.result?.outcome).toBe('verified');
  } finally {
    world.remove();
  }
});

/** Arguments of a process of this test. */
function commandOf(pid: string): string[] {
  try {
    if (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(`) `)) return [];
    const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    if (parent !== String(process.pid)) return [];
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return []; // it has ended
  }
}
