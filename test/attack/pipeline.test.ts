/** Agents that lie, run through the whole pipeline with the real sandbox and `--yes`: none gets a branch. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Owner } from '../../cli/compose.ts';
import type { RunView } from '../../pipeline/service.ts';
import { createWorld, goodAgent, run, type World } from '../support/world.ts';

let world: World;
let owner: Owner;

/** What every liar has at hand. `inside` runs a command where the agent is; `claim` is what it says at its end. */
const prelude = `
import fs from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
const sh = (c) => spawnSync('bash', ['-c', c], { encoding: 'utf8', timeout: 20000 });
const green = (c) => { if (sh(c).status !== 0) { console.error('the lie does not even work inside'); process.exit(3); } };
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const put = (name, body, key) => fetch(process.env.DRYDOCK_GATEWAY + '/artifacts/' + name, { method: 'PUT', body, headers: { authorization: 'Bearer ' + key } });
process.on('exit', () => console.log('All tests passed. Done.'));
`;
const bad = "fs.writeFileSync('src/math.js', 'export const add = () => 0; // wrong\\n');";

/** By name: what the agent does. */
const agents: Record<string, string> = {
  honest: `${goodAgent} process.exit(7);`,
  idle: '',
  patcher: `${bad} fs.writeFileSync('node_modules/checker/index.js', 'exports.check = () => undefined;'); green('npm test');`,
  daemon: `const d = spawn('setsid', ['node', '-e', "require('http').createServer((q,s)=>s.end('green')).listen(9999)"], { detached: true, stdio: 'ignore' }); d.unref();
    await sleep(400); green('test "$(curl -s --noproxy "*" http://127.0.0.1:9999)" = green'); ${bad}`,
  forger: `${bad}
    const forged = JSON.stringify({ phaseKey: 'x', outcome: 'verified', changeSet: false, commands: [], versions: {}, timings: {} });
    for (const key of [process.env.DRYDOCK_KEY, 'guessed']) await put('result.json', forged, key);
    for (const pid of fs.readdirSync('/proc')) if (/^[0-9]+$/.test(pid) && Number(pid) !== process.pid) try { process.kill(Number(pid), 'SIGKILL') } catch {}
    sh('kill -9 -1');`,
  chameleon: `fs.writeFileSync('src/math.js', "export const add = (a, b) => (process.env.DRYDOCK_PHASE === 'build' ? a + b : 0);\\n"); green('npm test');`,
};

beforeAll(async () => {
  world = createWorld(project);
  packChecker();
  world.commit({});
  mkdirSync(join(world.folder, 'agent'), { recursive: true });
  for (const [name, body] of Object.entries(agents))
    writeFileSync(join(world.folder, 'agent', `${name}.mjs`), prelude + body);
  const profile = (name: string) => ({ kind: 'command', command: ['node', `/agent/${name}.mjs`], files: './agent' });
  world.policy({
    agents: { default: 'honest', profiles: Object.fromEntries(Object.keys(agents).map((name) => [name, profile(name)])) },
    limits: { rework_rounds: 0, pids: 200, disk_mb: 200 },
  });
  owner = await world.open();
});
afterAll(async () => {
  await owner.close();
  world.remove();
});

/** Its tests check sums with a package from a tarball, so that an install is needed and no network. */
const project = {
  '.gitignore': 'node_modules\n',
  'package.json': JSON.stringify({
    name: 'calc',
    version: '1.0.0',
    private: true,
    type: 'module',
    scripts: { test: 'node --test' },
    dependencies: { checker: 'file:checker-1.0.0.tgz' },
  }),
  'package-lock.json': JSON.stringify({
    name: 'calc',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'calc', version: '1.0.0', dependencies: { checker: 'file:checker-1.0.0.tgz' } },
      'node_modules/checker': { version: '1.0.0', resolved: 'file:checker-1.0.0.tgz' },
    },
  }),
  'src/math.js': 'export const add = (a, b) => a - -b;\n',
  'secret/plan.txt': 'hands off\n',
  'test/math.test.js': `import test from 'node:test';
import { check } from 'checker';
import { add } from '../src/math.js';

test('zero', () => check(add(0, 0), 0));
test('sum', () => check(add(1, 2), 3));
`,
};

function packChecker(): void {
  const folder = join(world.folder, 'package');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'checker', version: '1.0.0' }));
  writeFileSync(join(folder, 'index.js'), "exports.check = require('node:assert/strict').equal;\n");
  execFileSync('tar', ['-czf', join(world.repo, 'checker-1.0.0.tgz'), '-C', world.folder, 'package']);
}

/** Runs one agent to the end. */
const attempt = (agent: string, spec: Record<string, unknown> = {}): Promise<RunView> =>
  run(world, owner, {
    spec: {
      task_id: `LIE-${agent.toUpperCase()}`,
      output_branch_prefix: `agent/${agent}`,
      agent,
      constraints: ['Change only src/**'],
      excluded_paths: ['secret/**'],
      success_criteria: [],
      ...spec,
    },
  });

/** Nothing of it came out. */
function expectUnpublished(view: RunView): void {
  expect(view).toMatchObject({ status: 'failed', commit: null, pullRequest: null });
  expect(world.git('for-each-ref', '--format=%(refname)', `refs/heads/${view.branch}`)).toBe('');
}

describe('law 3: an agent that lies', () => {
  test('R17 exits non-zero after a good change: the exit code is telemetry, it is delivered', async () => {
    const view = await attempt('honest');
    expect(view).toMatchObject({ status: 'delivered', error: null });
    expect(world.git('show', `${view.branch}:src/math.js`)).toContain('a + b');
  });

  test('says success and changes nothing: NoChanges', async () => {
    const view = await attempt('idle');
    expectUnpublished(view);
    expect(view.error?.name).toBe('NoChanges');
  });

  test.each([
    ['patcher', 'patches a dependency so that the tests pass', /test \(`npm test`\) exited with 1/],
    ['chameleon', 'makes the tests pass in the phase it knows', /test \(`npm test`\) exited with 1/],
    ['forger', 'kills everything it sees and puts a forged result', /test \(`npm test`\) exited with 1/],
  ])('%s: %s', async (agent, _what, said) => {
    const view = await attempt(agent);
    expectUnpublished(view);
    expect(view.error?.name).toBe('NeedsPerson');
    expect(view.error?.message).toMatch(/^VerifyFailed/);
    expect(view.error?.message).toMatch(said);
  });

  test('leaves a daemon that answers the tests', async () => {
    const command = 'test "$(curl -s --noproxy "*" http://127.0.0.1:9999)" = green';
    const view = await attempt('daemon', { success_criteria: [{ says: 'it answers', run: command }] });
    expectUnpublished(view);
    expect(view.error?.message).toContain('success: it answers');
  });
});
