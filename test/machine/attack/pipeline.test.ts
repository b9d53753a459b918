/**
 * Agents that lie (test/attack/agents), through the whole pipeline with the real sandbox and `--yes`: law 3 holds, no
 * branch comes of a lie, and the run says why.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import { createWorld, run, type World } from '../../support/world.ts';

const agents = join(import.meta.dirname, 'agents');
const names = readdirSync(agents).map((file) => file.replace(/\.mjs$/, ''));

/** Its tests check sums with a package from an archive: an install is needed, and no network. */
const project = {
  '.gitignore': 'node_modules\n',
  'package.json': JSON.stringify({
    name: 'calc',
    version: '1.0.0',
    private: true,
    type: 'module',
    scripts: {
      test: 'node --test test/*.test.js',
      patched: `node -e "require('checker/patched.js')"`,
      daemon: `node -e "fetch('http://127.0.0.1:9999').then(() => 0, () => process.exit(1))"`,
    },
    dependencies: { checker: 'file:checker-1.0.0.tgz' },
  }),
  'src/math.js': 'export const add = (a, b) => a - -b;\n',
  'secret/plan.txt': 'hands off\n',
  ...Object.fromEntries(
    [
      ['zero', 'check(add(0, 0), 0)'],
      ['sum', 'check(add(1, 2), 3)'],
    ].map(([name, check]) => [
      `test/${name}.test.js`,
      `import test from 'node:test';\nimport { check } from 'checker';\nimport { add } from '../src/math.js';\n\ntest('${name}', () => ${check});\n`,
    ]),
  ),
};

function packChecker(world: World): void {
  const folder = join(world.folder, 'package');
  const archive = join(world.repo, 'checker-1.0.0.tgz');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'checker', version: '1.0.0' }));
  writeFileSync(join(folder, 'index.js'), "exports.check = require('node:assert/strict').equal;\n");
  execFileSync('tar', ['-czf', archive, '-C', world.folder, 'package']);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  const packages = {
    '': { name: 'calc', version: '1.0.0', dependencies: { checker: 'file:checker-1.0.0.tgz' } },
    'node_modules/checker': { version: '1.0.0', resolved: 'file:checker-1.0.0.tgz', integrity },
  };
  const lock = { name: 'calc', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
  world.commit({ 'package-lock.json': JSON.stringify(lock) });
}

let world: World;
let server: ServerProcess;
beforeAll(async () => {
  world = createWorld(project);
  packChecker(world);
  cpSync(agents, join(world.folder, 'agent'), { recursive: true });
  const profile = (name: string) => ({ kind: 'command', command: ['node', `/agent/${name}.mjs`], files: './agent' });
  world.policy({
    agents: { default: 'honest', profiles: Object.fromEntries(names.map((name) => [name, profile(name)])) },
    limits: { rework_rounds: 0, pids: 200, disk_mb: 200 },
  });
  server = await world.open();
});
afterAll(async () => {
  await server.close();
  world.remove();
});

/** Runs the task with one of the agents, to its end. */
const attempt = (agent: string, spec: Record<string, unknown> = {}): Promise<RunView> =>
  run(world, server, {
    spec: {
      task_id: agent.toUpperCase(),
      output_branch_prefix: `agent/${agent}`,
      agent,
      constraints: ['Change only src/**'],
      excluded_paths: ['secret/**'],
      success_criteria: [],
      ...spec,
    },
  });

/** The run failed, nothing of it was published, and this is what people read. */
function failure(view: RunView): string {
  expect(view).toMatchObject({ status: 'failed', commit: null, pullRequest: null });
  expect(world.git('for-each-ref', `refs/heads/${view.branch}`)).toBe('');
  return `${view.error?.name}: ${view.error?.message}`;
}

describe.concurrent('R17 the verdict is not the agent’s', () => {
  test('it exits with 7 after a good change: an exit code is telemetry, the change is delivered', async () => {
    const view = await attempt('honest');
    expect(view).toMatchObject({ status: 'delivered', error: null });
    expect(world.git('diff', '--name-only', `main..${view.branch}`)).toBe('src/math.js');
  });

  test('it says success and changed nothing', async () => {
    expect(failure(await attempt('idle'))).toMatch(/^NoChanges: /);
  });

  test('it makes a wrong change look right: by phase, patched dependency, daemon, forged result, killing all', async () => {
    const criteria = ['patched', 'daemon'].map((name) => ({ says: name, run: `npm run --silent ${name}` }));
    const view = await attempt('liar', { success_criteria: criteria });
    const said = failure(view);
    expect(said).toMatch(/^NeedsPerson: VerifyFailed: /);
    for (const name of ['test (`npm test`)', 'success: patched', 'success: daemon']) expect(said).toContain(`${name}`);
    expect((await server.service.egress(view.runId)).map((refusal) => refusal.target)).toEqual([
      'result.json',
      'changeset.json',
    ]);
  });

  test('its tests attack the sandbox that verifies them', async () => {
    const view = await attempt('hostile', { constraints: [] });
    expect(failure(view)).toMatch(/^NeedsPerson: VerifyFailed: /);
    const found = /FOUND ([^\\"]*)/.exec(
      JSON.stringify((await server.service.evidence(view.runId)).phases.verify),
    )?.[1];
    expect(found?.split(', ')).toEqual([
      '/run ENOENT',
      '/proc/1/root/run ENOENT',
      '/phase 403',
      '/inputs/changeset.json 403',
      '/git/base.git/info/refs?service=git-upload-pack 403',
      'result.json 403',
      'events.ndjson 403',
    ]);
  });
});

describe.concurrent('R31 R45 what a change may not carry is seen, hidden or not', () => {
  test('excluded and protected paths, a link out, a repository, a secret, files hidden from git', async () => {
    const said = failure(await attempt('smuggler'));
    expect(said).toMatch(/^NeedsPerson: GuardRefused: /);
    for (const one of [
      /ExcludedPath.*secret\/plan\.txt/,
      /ProtectedPath.*\.github\/workflows\/ci\.yml/,
      /SymlinkEscapes.*src\/users/,
      /SubmoduleAdded.*src\/nested/,
      /SecretFound.*src\/key\.js/,
      /OutsideTargetPaths.*hidden\.js/,
      /OutsideTargetPaths.*package\.json/,
    ])
      expect(said).toMatch(one);
    expect(said).not.toMatch(/QWERTY|hooked|fsmonitor/);
  });

  test('tests it deleted and skipped', async () => {
    const said = failure(await attempt('weakener', { constraints: ['Change only src/**, test/**'] }));
    expect(said).toMatch(/^NeedsPerson: TestsWeakened: /);
    expect(said).toMatch(/test\/sum\.test\.js.*tests in the changed files were removed/);
    expect(said).toMatch(/test\/zero\.test\.js: 1 more tests are skipped/);
  });
});

describe.concurrent('R19 what an agent uses up is its own', () => {
  test('a flood of log and forged events: bounded, refused, and no change', async () => {
    const view = await attempt('flooder');
    expect(failure(view)).toMatch(/^NoChanges: /);
    // The first 500 that differ, and one that counts the others; those that do not differ are counted.
    const refusals = await server.service.egress(view.runId);
    expect(refusals).toHaveLength(501);
    expect(JSON.stringify(refusals.at(-1))).toMatch(/and \d+ more/);
    expect(refusals).toContainEqual(expect.objectContaining({ target: '/events', count: 1_000 }));
    const told = (await server.service.activity(view.runId)).find((log) => log.phaseKey.includes('/build/'));
    expect(told?.events).not.toContainEqual(expect.objectContaining({ type: 'message' }));
    expect(JSON.stringify(told?.events).length).toBeLessThan(5 * 1024 * 1024);
  });

  test.each([
    ['hog', /^LimitExceeded: disk_mb/],
    ['rabbit', /^LimitExceeded: pids/],
  ])('%s is ended at its limit, after a good change', async (agent, named) => {
    expect(failure(await attempt(agent))).toMatch(named);
  });
});
