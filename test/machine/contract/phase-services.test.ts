/** Services of a phase: commands that run beside its commands, fresh for each phase. */
import { afterEach, expect, test } from 'vitest';
import { makeJob, makeWorld, project, runJob, type World } from './phase-fixtures.ts';

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove();
});
function make(files: Record<string, string>, agents: Record<string, string> = {}): World {
  const world = makeWorld({ ...project, ...files }, agents);
  worlds.push(world);
  return world;
}

/** A server that counts its connections, and a client that prints the count. */
const counter = {
  'server.mjs': `import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
let count = 0;
console.log('the counter starts');
createServer((socket) => socket.end(String((count += 1)))).listen(Number(process.env.COUNTER_PORT), '127.0.0.1', () => writeFileSync('/tmp/listening', ''));`,
  'client.mjs': `import { connect } from 'node:net';
import { writeFileSync } from 'node:fs';
const [host, file] = process.argv.slice(2);
connect(5599, host).on('data', (data) => { console.log('count ' + data); if (file) writeFileSync(file, String(data)); })
  .on('error', (error) => { console.log(error.code); process.exitCode = 1; });`,
};
const service = { command: 'node server.mjs', env: { COUNTER_PORT: '5599' }, port: 5599 };
const plan = { phase: 'plan', agent: null, baseline: true } as const;

test('is there for setup, baseline and agent, under its name and on loopback, and its log is evidence', async () => {
  const world = make(counter, {
    'agent.mjs':
      "import { execFileSync } from 'node:child_process'; execFileSync('node', ['client.mjs', '127.0.0.1', 'seen.txt']);",
  });
  const job = makeJob(world, {
    spec: { phase: 'build', baseline: true },
    sandbox: {
      services: { counter: service },
      // A client that honours proxies goes to it directly.
      setupCommand:
        'node client.mjs counter && case ",$NO_PROXY,$no_proxy," in *,counter,*,counter,*) ;; *) exit 1 ;; esac',
      testCommand: 'node client.mjs localhost',
    },
  });
  const end = await runJob(world, job);
  expect(end.result, JSON.stringify(end.result?.error)).toMatchObject({ outcome: 'built', baseline: 'green' });
  expect(end.result?.services).toMatchObject([
    { name: 'counter', command: service.command, exitCode: null, output: 'the counter starts\n' },
  ]);
  expect(Buffer.from(end.artifacts.get('changeset.blobs') ?? []).toString()).toMatch(/^\d+$/);
});

test('a phase has a fresh one', async () => {
  const world = make({
    ...counter,
    'once.mjs': `import { connect } from 'node:net';
connect(5599, 'counter').on('data', (data) => { console.log('count ' + data); process.exitCode = Number(data) === 1 ? 0 : 1; });`,
  });
  // Not by a connection to its port, which it may or may not count.
  const counted = { ...service, ready: 'test -e /tmp/listening' };
  const sandbox = { services: { counter: counted }, testCommand: 'node once.mjs' };
  for (let phase = 0; phase < 2; phase += 1) {
    const end = await runJob(world, makeJob(world, { spec: { phase: 'verify', agent: null }, sandbox }));
    expect(end.result, JSON.stringify(end.result?.error)).toMatchObject({ outcome: 'verified' });
  }
});

test('that ends before it is ready, or never is: ServiceFailed with its log', async () => {
  const world = make({});
  const broken = { command: 'echo no configuration; exit 3', env: {}, port: 5599 };
  const end = await runJob(world, makeJob(world, { spec: plan, sandbox: { services: { db: broken } } }));
  expect(end.result?.error).toMatchObject({
    name: 'ServiceFailed',
    message: expect.stringMatching(/the service db ended with 3 before it was ready[\s\S]*no configuration/),
  });
});

test('that dies is named where the tests then fail', async () => {
  const world = make(counter);
  const killed = { ...service, command: 'timeout 3 node server.mjs' };
  const sandbox = {
    services: { counter: killed },
    setupCommand: 'while node client.mjs counter; do sleep 0.1; done',
    testCommand: 'node client.mjs counter',
  };
  const end = await runJob(world, makeJob(world, { spec: plan, sandbox }));
  expect(end.result?.error).toMatchObject({
    name: 'BaselineRed',
    message: expect.stringContaining('The service counter ended with 124.'),
  });
});

test('cannot write to the work tree or to what is installed, so that it changes nothing while that is compared', async () => {
  const world = make({
    'server.mjs': `import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
const attempts = [() => appendFileSync('greet.mjs', '//'), () => writeFileSync('made.txt', ''), () => writeFileSync('/deps/x', '')];
const codes = attempts.map((attempt) => { try { attempt(); return 'done'; } catch (error) { return error.code; } });
createServer((socket) => socket.end(codes.join(' '))).listen(5599, '127.0.0.1');`,
    'client.mjs': "import { connect } from 'node:net'; connect(5599, 'db').pipe(process.stdout);",
  });
  const sandbox = {
    services: { db: { command: 'node server.mjs', env: {}, port: 5599 } },
    testCommand: 'test "$(node client.mjs)" = "EROFS EROFS EROFS"',
  };
  const end = await runJob(world, makeJob(world, { spec: { phase: 'verify', agent: null }, sandbox }));
  expect(end.result, JSON.stringify(end.result)).toMatchObject({ outcome: 'verified' });
});

test('that is an image needs containers: refused by name before anything starts', async () => {
  const world = make({});
  const image = { image: 'postgres@sha256:0', env: {}, port: 5432 };
  await expect(
    runJob(world, makeJob(world, { spec: plan, sandbox: { services: { db: image } } })),
  ).rejects.toMatchObject({ name: 'SandboxUnavailable', message: expect.stringContaining('needs containers') });
});
