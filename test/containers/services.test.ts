/** Services of a phase as containers in the network of its sandbox: Postgres and Redis, and what may go wrong with them. */
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ServiceSpec } from '../../core/run/phase.ts';
import { makeJob, makeWorld, packageRoot, project, runJob, type World } from '../machine/contract/phase-fixtures.ts';
import { clients } from '../support/containers/service-clients.ts';
import { serviceImage } from '../support/containers/service-images.ts';
import { containersLeft, inContainers } from '../support/containers/walls.ts';
import { createWorld, run } from '../support/world.ts';

let images: { postgres: string; redis: string };
beforeAll(() => {
  const debian = inject('debian');
  images = { postgres: serviceImage('postgres', debian), redis: serviceImage('redis', debian) };
});

const worlds: World[] = [];
function make(files: Record<string, string> = {}, agent = ''): World {
  const world = makeWorld({ ...project, ...clients, ...files }, { 'agent.mjs': agent });
  worlds.push(world);
  return world;
}
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove();
  expect(containersLeft()).toEqual([]);
});

const database = (change: Partial<ServiceSpec> = {}): ServiceSpec => ({
  image: images.postgres,
  env: { POSTGRES_NOTE: 'a note' },
  port: 5432,
  folders: ['/run/postgresql'],
  memoryMb: 256,
  ...change,
});
const cache = (change: Partial<ServiceSpec> = {}): ServiceSpec => ({
  image: images.redis,
  env: {},
  port: 6379,
  user: '999:999',
  memoryMb: 128,
  ...change,
});
const verify = { phase: 'verify', agent: null } as const;
const sandbox = () => inContainers();

test('a task whose tests need both is delivered, and each of its phases has fresh ones', async () => {
  const world = createWorld({
    ...clients,
    'package.json': JSON.stringify({ name: 'calc', type: 'module', scripts: { test: 'node --test' } }),
    'src/math.js': 'export const add = (a, b) => a - b;\n',
    // A table cannot be made, nor a key be set, a second time; what the agent wrote is not there.
    'test/db.test.js': `import assert from 'node:assert/strict';
import test from 'node:test';
import { query, redis } from '../clients.mjs';
test('both are there, and new', async () => {
  assert.deepEqual(await query("select to_regclass('by_agent')", 'db'), [[null]]);
  await query('create table visits (id int)', 'db');
  assert.equal(await redis('setnx visits 1', 'cache'), ':1');
  assert.equal(await redis('get by_agent'), '$-1');
});`,
  });
  world.agent(
    `if (phase !== 'plan') { const { query, redis } = await import(process.cwd() + '/clients.mjs'); await query('create table by_agent ()', 'db'); await redis('set by_agent 1'); }
     fs.writeFileSync('src/math.js', 'export const add = (a, b) => a + b;\\n');`,
  );
  world.policy({
    services: {
      'postgres:17': {
        image: images.postgres,
        folders: ['/run/postgresql', '/var/lib/postgresql/data'],
        memory_mb: 512,
      },
      'redis:7': { image: images.redis, user: '999:999', memory_mb: 128 },
    },
  });
  const server = await world.open({ sandbox: inContainers() });
  try {
    const services = {
      db: { image: 'postgres:17', port: 5432, env: { POSTGRES_NOTE: 'test' } },
      cache: {
        image: 'redis:7',
        port: 6379,
        ready: {
          command: `node -e "import('./clients.mjs').then((c) => c.redis('ping')).then((a) => process.exit(a === '+PONG' ? 0 : 1))"`,
        },
      },
    };
    const sandbox = { package_manager: 'npm', runtime: 'node:24', test_command: 'npm test', services };
    const done = await run(world, server, { spec: { sandbox } });
    expect([done.status, done.error], JSON.stringify(done.error)).toEqual(['delivered', null]);
    const evidence = await server.service.evidence(done.runId);
    const { phases } = JSON.parse(JSON.stringify(evidence)) as {
      phases: Record<string, { result: { services: unknown } }>;
    };
    for (const phase of ['plan', 'build', 'verify'])
      expect(phases[phase]?.result.services, phase).toMatchObject([
        {
          name: 'db',
          command: images.postgres,
          exitCode: null,
          output: expect.stringMatching(/starting with test[\s\S]*ready to accept connections/),
        },
        {
          name: 'cache',
          command: images.redis,
          exitCode: null,
          output: expect.stringContaining('Ready to accept connections'),
        },
      ]);
  } finally {
    await server.close();
    world.remove();
  }
});

describe('a service that fails', () => {
  test('before it is ready: ServiceFailed with what it printed, and the sandbox ends', async () => {
    const world = make();
    // This user may not make the folder.
    const services = { db: database({ user: '4711', env: { PGDATA: '/nowhere/data' } }), cache: cache() };
    const end = await runJob(world, makeJob(world, { spec: verify, sandbox: { services, testCommand: 'true' } }), {
      sandbox: sandbox(),
    });
    expect(end.failure).toMatchObject({
      name: 'ServiceFailed',
      message: expect.stringMatching(
        /^the service db ended with 1 before it was ready: localhost\/drydock-test-postgres@[\s\S]*initdb: error/,
      ),
    });
  });

  test('later: it is named where the tests then fail, with its exit code, and its log is evidence', async () => {
    const world = make({
      'test.mjs': `import { redis } from './clients.mjs';
await redis('shutdown nosave').catch(() => undefined);
for (;;) { try { await redis('ping'); } catch (error) { console.log(error.code); break; } }
process.exit(1);`,
    });
    const end = await runJob(
      world,
      makeJob(world, { spec: verify, sandbox: { services: { cache: cache() }, testCommand: 'node test.mjs' } }),
      { sandbox: sandbox() },
    );
    expect(end.result?.error?.message).toMatch(/ECONNREFUSED[\s\S]*The service cache ended with 0\./);
    expect(end.result?.services).toMatchObject([
      { name: 'cache', exitCode: 0, output: expect.stringContaining('ready to exit') },
    ]);
  });

  test('because its memory is used up: the limit is named', async () => {
    const world = make({
      'fill.mjs': `import { connect } from 'node:net';
const value = 'x'.repeat(1 << 20);
const socket = connect(6379, 'cache').on('error', () => process.exit(1)).on('close', () => process.exit(1));
for (let n = 0; n < 400; n += 1) socket.write('*3\\r\\n$3\\r\\nset\\r\\n$5\\r\\nk' + String(n).padStart(4, '0') + '\\r\\n$' + value.length + '\\r\\n' + value + '\\r\\n');`,
    });
    const end = await runJob(
      world,
      makeJob(world, {
        spec: verify,
        sandbox: { services: { cache: cache({ memoryMb: 64 }) }, testCommand: 'node fill.mjs' },
      }),
      { sandbox: sandbox() },
    );
    expect(end.result?.error?.message).toMatch(
      /The service cache ended with 137\. It was killed, as the kernel does at its memory_mb, 64\./,
    );
  });
});

describe('before anything is started', () => {
  const cases: [string, () => Record<string, ServiceSpec>, object][] = [
    [
      'an image that nobody has: ImageMissing with its name',
      () => ({ db: database({ image: `localhost/none@sha256:${'0'.repeat(64)}` }) }),
      { name: 'ImageMissing', exit: 4, message: expect.stringContaining('localhost/none@sha256:000') },
    ],
    [
      'an image that would run as root: PolicyRefused with the field that helps',
      () => {
        const { user, ...asRoot } = cache();
        return { cache: asRoot };
      },
      {
        name: 'PolicyRefused',
        exit: 2,
        message: expect.stringMatching(/service cache would run as root/),
        remedy: expect.stringContaining('user: "999:999"'),
      },
    ],
    [
      'a command: NotBuiltYet with the two ways out',
      () => ({ db: { command: 'postgres', env: {}, port: 5432 } }),
      { name: 'NotBuiltYet', remedy: expect.stringMatching(/image.*--sandbox bubblewrap/) },
    ],
  ];
  test.each(cases)('%s', async (_name, services, expected) => {
    const world = make();
    await expect(
      runJob(world, makeJob(world, { spec: verify, sandbox: { services: services() } }), { sandbox: sandbox() }),
    ).rejects.toMatchObject(expected);
  });
});

describe('what an agent makes a database run', () => {
  const script = String.raw`import { runInDatabase } from './clients.mjs';
import { writeFileSync } from 'node:fs';
const secret = 'written-by-the-sandbox';
writeFileSync('/tmp/secret', secret); writeFileSync('/workspace/secret', secret);
const found = {};
const tries = {
  user: 'id -u', capabilities: 'grep -E "^Cap(Eff|Prm|Bnd)|NoNewPrivs|Seccomp:" /proc/self/status',
  'reads files of the sandbox': 'cat /tmp/secret /workspace/secret /run/runner.cjs 2>&1; echo ran',
  'sees its processes': 'cat /proc/[0-9]*/cmdline | tr "\\0" " "; echo ran',
  'finds secrets': 'cat /proc/[0-9]*/environ | tr "\\0" " "; echo ran',
  'reaches an address': 'timeout 3 bash -c "exec 3<>/dev/tcp/1.1.1.1/80" 2>&1; echo ran',
  'has a route out': 'cat /proc/net/route; echo ran',
  'looks a name up': 'timeout 5 getent hosts example.com; echo ran',
  'writes to its root': 'touch /usr/x /etc/x /x 2>&1; echo ran',
  'mounts': 'mount -t tmpfs none /mnt 2>&1; unshare -U true 2>&1; echo ran',
  'fills its folder': 'head -c 2000M /dev/zero > /run/postgresql/big 2>/dev/null; stat -c %s /run/postgresql/big; rm -f /run/postgresql/big; echo ran',
  'sees this machine': 'cat /etc/hosts /proc/self/mountinfo /proc/cmdline 2>&1; echo ran',
  'forks': 'n=0; while [ $n -lt 400 ]; do sleep 2 & n=$((n+1)); done; echo ran',
};
for (const [name, program] of Object.entries(tries)) found[name] = await runInDatabase(program).catch((error) => 'failed: ' + error.message);
writeFileSync('found.json', JSON.stringify(found));`;

  let found: Record<string, string> = {};
  beforeAll(async () => {
    const world = makeWorld({ ...project, ...clients, 'attack.mjs': script }, { 'agent.mjs': '' });
    try {
      const job = makeJob(world, {
        spec: {
          phase: 'build',
          agent: { profile: 'p', kind: 'command', command: ['node', 'attack.mjs'], files: false, plans: false },
        },
        limits: { pids: 64 },
        sandbox: { services: { db: database() } },
      });
      const end = await runJob(world, job, { sandbox: sandbox() });
      const blobs = Buffer.from(end.artifacts.get('changeset.blobs') ?? []).toString('utf8');
      expect(blobs, JSON.stringify(end.failure ?? end.result)).toContain('"user"');
      found = JSON.parse(/\{"user".*\}/s.exec(blobs)?.[0] ?? '{}') as Record<string, string>;
    } finally {
      world.remove();
    }
  });

  test.each<[string, (said: string) => void]>([
    ['user', (said) => expect(Number(said)).toBeGreaterThan(0)],
    [
      'capabilities',
      (said) => expect(said).toMatch(/^CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1\nSeccomp:\t2$/),
    ],
    ['reads files of the sandbox', (said) => expect(said).not.toContain('written-by-the-sandbox')],
    ['sees its processes', (said) => expect(said).not.toMatch(/runner|attack\.mjs|drydock\/node/)],
    ['finds secrets', (said) => expect(said).not.toMatch(/DRYDOCK/)],
    ['reaches an address', (said) => expect(said).toMatch(/unreachable|No route/)],
    ['has a route out', (said) => expect(said).not.toMatch(/^\S+\s+00000000\s/m)],
    ['looks a name up', (said) => expect(said).toBe('ran')],
    ['writes to its root', (said) => expect(said.match(/Read-only file system/g)).toHaveLength(3)],
    ['mounts', (said) => expect(said).toMatch(/must be superuser[\s\S]*not permitted/)],
    ['fills its folder', (said) => expect(said).toMatch(/^1342\d{5}\nran$/)],
    ['sees this machine', (said) => expect(said).not.toMatch(/root=|vmlinuz|\/work\//)],
    ['forks', (said) => expect(said).toMatch(/Cannot fork|^failed: program .* failed/)],
  ])('%s', (name, holds) => {
    // Each ended as a program that ran, but the last.
    expect(found[name]).toMatch(/ran$|^\d+$|^Cap|^failed: program/);
    holds(found[name] ?? '');
  });
});

test('its disk counts with that of the sandbox', async () => {
  const world = make({
    'test.mjs': `import { query } from './clients.mjs';
await query('create table big as select repeat(md5(i::text), 40) as line from generate_series(1, 200000) as i');
await new Promise((resolve) => setTimeout(resolve, 30_000));`,
  });
  const job = makeJob(world, {
    spec: verify,
    limits: { diskMb: 96 },
    sandbox: { services: { db: database({ memoryMb: 1024 }) }, testCommand: 'node test.mjs' },
  });
  const end = await runJob(world, job, { sandbox: sandbox() });
  expect(end.failure).toMatchObject({
    name: 'LimitExceeded',
    message: expect.stringMatching(/^disk_mb: \d+ MB in use/),
  });
});

test('its owner is killed: it ends, and is removed', async () => {
  const world = make({}, 'setInterval(() => {}, 1000);');
  const child = spawn(
    process.execPath,
    [
      join(packageRoot, 'test/support/container-child.ts'),
      JSON.stringify([world, inject('debian'), { sandbox: { services: { db: database() } } }]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const agent = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { type?: string; name?: string };
    if (event.type === 'step' && event.name === 'agent') agent.resolve();
    if ('end' in event) agent.reject(new Error(line));
  });
  await agent.promise;
  const left = (): string[] =>
    execFileSync('podman', ['ps', '--all', '--format', '{{.Names}}'], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.startsWith(`drydock-${child.pid}-`) && name.includes('-service-'));
  expect(left()).toHaveLength(1);
  child.kill('SIGKILL');
  while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 200));
  // What else is left belongs to a process that has ended.
  const next = make({}, "import fs from 'node:fs'; fs.writeFileSync('x', 'x');");
  await runJob(next, makeJob(next), { sandbox: sandbox() });
});
