/** Servers that `setup_command` leaves in the background: they are there for the commands that follow. */
import { afterEach, expect, test } from 'vitest';
import { makeJob, makeWorld, project, runJob, type World } from './phase-fixtures.ts';

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove();
});
const make = (files: Record<string, string>, agents: Record<string, string> = {}): World => {
  const world = makeWorld({ ...project, ...files }, agents);
  worlds.push(world);
  return world;
};

const plan = { phase: 'plan', agent: null, baseline: true } as const;
const verify = { phase: 'verify', agent: null } as const;
/** It answers whether it can write to the work tree and to what is installed. */
const server = `import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
const code = (attempt) => { try { attempt(); return 'done'; } catch (error) { return error.code; } };
createServer((socket) => socket.end([() => appendFileSync('greet.mjs', '//'), () => writeFileSync('/deps/x', '')].map(code).join(' ')))
  .listen(5599, process.argv[2] ?? '127.0.0.1', () => console.log('ready'));`;
const client = `import { connect } from 'node:net';
connect(5599, '127.0.0.1').on('data', (data) => { console.log(String(data)); process.exitCode = String(data) === 'EROFS EROFS' ? 0 : 1; })
  .on('error', (error) => { console.log(error.code); process.exitCode = 1; });`;
const files = { 'server.mjs': server, 'client.mjs': client };
/** Returns once the server listens, as a setup command has to: what comes later is not seen. */
const background = (start = 'node server.mjs') =>
  `${start} > /tmp/log & while ! grep -q ready /tmp/log; do sleep 0.05; done`;

test.for([
  ['in the background', background()],
  ['in a session of its own', background('setsid node server.mjs')],
  ['on all addresses', background('node server.mjs 0.0.0.0')],
  ['on all addresses of IPv6', background('node server.mjs ::')],
  ['after a build into an ignored folder', `mkdir -p node_modules && echo 1 > node_modules/built; ${background()}`],
])('%s: baseline, agent and verify reach it, and it cannot write', async ([, setupCommand]) => {
  const world = make(files, {
    'agent.mjs':
      "import { execFileSync } from 'node:child_process'; import { writeFileSync } from 'node:fs'; writeFileSync('seen.txt', execFileSync('node', ['client.mjs']));",
  });
  const sandbox = { setupCommand, testCommand: 'node client.mjs' };
  const built = await runJob(world, makeJob(world, { spec: { phase: 'build', baseline: true }, sandbox }));
  expect(built.result, JSON.stringify(built.result?.error)).toMatchObject({ outcome: 'built', baseline: 'green' });
  expect(built.result?.services).toMatchObject([{ name: 'setup command', command: setupCommand, exitCode: null }]);
  const verified = await runJob(world, makeJob(world, { spec: verify, sandbox }));
  expect(verified.result, JSON.stringify(verified.result?.error)).toMatchObject({ outcome: 'verified' });
});

test('a change that is prepared again has the server of its own tree', async () => {
  const agent = `import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
const manifest = readFileSync('package.json', 'utf8');
if (manifest.includes('2.0.0')) execFileSync('node', ['client.mjs', 'new']);
else {
  writeFileSync('package.json', manifest.replace('1.0.0', '2.0.0'));
  writeFileSync('server.mjs', readFileSync('server.mjs', 'utf8').replace("join(' ')", "join(' ') && 'new'"));
}`;
  const world = make(
    { ...files, 'client.mjs': client.replace("'EROFS EROFS'", "(process.argv[2] ?? 'EROFS EROFS')") },
    {
      'agent.mjs': agent,
    },
  );
  const sandbox = { setupCommand: background(), testCommand: 'node client.mjs' };
  const built = await runJob(world, makeJob(world, { spec: { phase: 'build', baseline: true }, sandbox }));
  expect(built.result, JSON.stringify(built.result?.error)).toMatchObject({ outcome: 'built' });
  const change = ['changeset.json', 'changeset.blobs'].map((name) => [name, built.artifacts.get(name)] as const);
  const rework = makeJob(world, {
    spec: { phase: 'rework', baseline: true },
    sandbox,
    inputs: new Map(change) as never,
  });
  const end = await runJob(world, rework);
  expect(end.result, JSON.stringify(end.result?.error)).toMatchObject({ outcome: 'built', baseline: 'green' });
  expect(end.result?.services).toHaveLength(1);
});

test('that does not start where the tree cannot be written to is named where the tests fail', async () => {
  const world = make(files);
  const sandbox = { setupCommand: `echo 1 > built.txt && { ${background()}; }`, testCommand: 'node client.mjs' };
  const end = await runJob(world, makeJob(world, { spec: plan, sandbox }));
  expect(end.result?.error).toMatchObject({
    name: 'BaselineRed',
    message: expect.stringMatching(
      /what setup_command left listening on 127\.0\.0\.1:5599 ended with it; run again .*it ended with 1 and left no server\. Name it in `sandbox\.services`\./,
    ),
  });
});

test('a setup command without a server runs once', async () => {
  const world = make({});
  const end = await runJob(world, makeJob(world, { spec: plan, sandbox: { setupCommand: 'sleep 60 & exit 0' } }));
  expect(end.result?.services).toBeUndefined();
  expect(end.result?.commands.map(({ name }) => name)).toEqual(['setup', 'baseline']);
});
