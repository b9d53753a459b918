import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli, cliAsync, cliIn } from '../../support/cli.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

const common = ['--policy', 'policy.yaml', '--data', 'data', '--as', 'dev@example.com', '--json'];

describe('the command line', () => {
  test('runs a repository, policy and command agent it has never seen; then says duplicate; then runs attempt 2', () => {
    world.policy({ repositories: {} });
    const { file } = world.spec();
    const first = cli(world, 'run', file, '--repo', `acme/calc=${world.repo}`, '--yes', ...common);
    expect(first.stderr).toContain('delivered');
    expect(first.json).toMatchObject({
      taskId: 'FIX-1',
      status: 'delivered',
      error: null,
      gate: null,
      cost: { usd: 0 },
    });
    expect(Object.keys(first.json)).toEqual(
      expect.arrayContaining(['runId', 'branch', 'commit', 'pullRequest', 'transitions', 'durations', 'events']),
    );
    expect(first.code).toBe(0);
    const again = cli(world, 'run', file, '--repo', `acme/calc=${world.repo}`, '--yes', ...common);
    expect(again).toMatchObject({ code: 0, json: { status: 'duplicate', runId: first.json.runId } });
    expect(again.stderr).not.toContain('phase-started');
    const second = cli(world, 'run', file, '--repo', `acme/calc=${world.repo}`, '--yes', '--attempt', '2', ...common);
    expect(second.json).toMatchObject({ status: 'delivered', attempt: 2 });
    expect(second.json.branch).not.toBe(first.json.branch);
  });

  test('waits with exit 5, is decided from another command, and goes on where it was', () => {
    const { file } = world.spec();
    const waiting = cli(world, 'run', file, ...common);
    expect(waiting).toMatchObject({ code: 5, json: { status: 'waiting', state: 'PlanGate' } });
    const gate = String(waiting.json.gate);
    expect(cli(world, 'approve', gate, '--data', 'data', '--as', 'dev@example.com', '--json')).toMatchObject({
      code: 2,
      json: { error: { name: 'VoteRefused' } },
    });
    expect(cli(world, 'approve', 'FIX-1', '--data', 'data', '--as', 'lead', '--json')).toMatchObject({
      code: 0,
      json: { status: 'decided', delivered: false },
    });
    const review = cli(world, 'run', file, ...common);
    expect(review).toMatchObject({ code: 5, json: { status: 'waiting', state: 'ReviewGate' } });
    expect(cli(world, 'approve', 'FIX-1', '--data', 'data', '--as', 'lead').code).toBe(0);
    expect(cli(world, 'run', file, ...common)).toMatchObject({ code: 0, json: { status: 'delivered' } });
    expect(cli(world, 'status', 'FIX-1', '--data', 'data', '--json').json).toMatchObject({ status: 'delivered' });
    expect(cli(world, 'show', 'FIX-1', '--evidence', '--data', 'data', '--json').json).toMatchObject({
      diff: [{ path: 'src/math.js', op: 'put' }],
    });
    expect(cli(world, 'audit', 'FIX-1', '--data', 'data', '--json').json).toMatchObject({ taskId: 'FIX-1' });
    expect(cli(world, 'list', '--data', 'data', '--json').json).toMatchObject({
      runs: [{ taskId: 'FIX-1', status: 'delivered' }],
    });
  });

  test('two at once: one runs, through the one that owns the data folder', async () => {
    const { file } = world.spec();
    const both = await Promise.all([
      cliAsync(world, 'run', file, '--yes', ...common),
      cliAsync(world, 'run', file, '--yes', ...common),
    ]);
    expect(both.map((said) => said.json.status).sort()).toEqual(['delivered', 'duplicate']);
    expect(both.map((said) => said.code)).toEqual([0, 0]);
  });

  test('R15 a host that was refused shows in egress with the line that would allow it', () => {
    world.agent(
      "try { execSync('curl -sS -m 5 https://blocked.example.com/', { stdio: 'pipe' }); } catch {}\nfs.writeFileSync('src/math.js', 'export const add = (a, b) => a + b;\\n');",
    );
    const { file } = world.spec();
    const done = cli(world, 'run', file, '--yes', ...common);
    expect(done.json).toMatchObject({ status: 'delivered' });
    const { refusals } = cli(world, 'egress', 'FIX-1', '--data', 'data', '--json').json as {
      refusals: Record<string, string>[];
    };
    expect(refusals[0]).toMatchObject({ target: 'blocked.example.com:443' });
    expect(refusals[0]?.allow).toContain('blocked.example.com');
    expect(refusals[0]?.command).toContain('curl');
    const shown = cli(world, 'show', 'FIX-1', '--evidence', '--data', 'data', '--json').json.evidence as {
      pullRequestBody: string;
    };
    expect(shown.pullRequestBody).toContain('blocked.example.com');
  });
});

describe('a spec that is given again', () => {
  test('after a failure: the exit code, the status and the error of that run, until the base has moved', () => {
    world.commit({ 'package.json': '{"type":"module","scripts":{"test":"exit 1"}}' });
    const { file } = world.spec();
    const failed = cli(world, 'run', file, '--yes', ...common);
    expect(failed).toMatchObject({ code: 1, json: { status: 'failed', error: { name: 'BaselineRed' } } });
    const again = cli(world, 'run', file, '--yes', ...common);
    expect(again).toMatchObject({
      code: 1,
      json: { status: 'duplicate', runStatus: 'failed', error: { name: 'BaselineRed' }, runId: failed.json.runId },
    });
    const said = cli(world, 'run', file, '--yes', ...common.filter((flag) => flag !== '--json'));
    expect(said.code).toBe(1);
    expect(said.stdout).toContain('FIX-1 has already run and ended as failed. No run was started.');
    expect(said.stdout).toContain('BaselineRed: ');
    world.commit({ 'package.json': '{"type":"module","scripts":{"test":"node --test"}}' });
    const mended = cli(world, 'run', file, '--yes', ...common);
    expect(mended).toMatchObject({ code: 0, json: { status: 'delivered', attempt: 2 } });
    expect(mended.stderr).toContain('Attempt 2, because attempt 1 failed, and main has moved since.');
    expect(cli(world, 'run', file, '--yes', ...common)).toMatchObject({
      code: 0,
      json: { status: 'duplicate', runStatus: 'delivered', attempt: 2 },
    });
  });

  test('after what the machine lacked: it runs', () => {
    const { file } = world.spec();
    const folder = join(world.folder, 'agent');
    renameSync(folder, `${folder}.away`);
    expect(cli(world, 'run', file, '--yes', ...common)).toMatchObject({
      code: 4,
      json: { status: 'failed', error: { name: 'AgentUnavailable' } },
    });
    renameSync(`${folder}.away`, folder);
    expect(cli(world, 'run', file, '--yes', ...common)).toMatchObject({
      code: 0,
      json: { status: 'delivered', attempt: 2 },
    });
  });
});

describe('where one stands', () => {
  const stand = (policy: Record<string, unknown>): ReturnType<typeof cli> => {
    world.policy(policy);
    const { file } = world.spec();
    const other = join(world.folder, 'other');
    execFileSync('git', ['clone', '--quiet', world.repo, other]);
    const common = ['--policy', '../policy.yaml', '--data', '../data', '--as', 'dev@example.com', '--json'];
    return cliIn(world, other, 'run', file, '--yes', ...common);
  };
  const branches = (folder: string): string =>
    execFileSync('git', ['branch', '--list', 'agent/*'], { cwd: join(world.folder, folder), encoding: 'utf8' }).trim();

  test('a run is made on the repository of the policy, and says so', () => {
    const done = stand({});
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered' } });
    expect([branches('repo'), branches('other')]).toEqual([done.json.branch, '']);
    expect(done.stderr).toContain(`The policy or --repo names ${world.repo} for acme/calc`);
  });

  test('a repository on GitHub does not become a local one', () => {
    const done = stand({ repositories: { 'acme/calc': { host: 'github' } } });
    expect(done).toMatchObject({ code: 4, json: { error: { name: 'SecretMissing' } } });
    expect([branches('repo'), branches('other')]).toEqual(['', '']);
  });

  test('a repository that the policy does not list is where one stands', () => {
    const done = stand({ repositories: {} });
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered' } });
    expect([branches('repo'), branches('other')]).toEqual(['', done.json.branch]);
  });
});

describe('doctor', () => {
  test('what is missing is its result and, with exit 4, an error too', () => {
    writeFileSync(join(world.folder, 'bad.yaml'), 'version: 2\n');
    const { code, json } = cli(world, 'doctor', '--policy', 'bad.yaml', '--data', 'data', '--json');
    expect(code).toBe(4);
    expect(json).toMatchObject({
      ok: false,
      checks: expect.arrayContaining([expect.objectContaining({ name: 'policy' })]),
    });
    expect(json.error).toMatchObject({ name: 'CheckFailed', message: expect.stringContaining('policy: ') });
  });
});

describe('bad input gets a named error, its remedy and exit code, and leaves nothing', () => {
  const refused: [string, string[], string, number][] = [
    ['no command', [], 'UsageError', 2],
    ['an unknown command', ['fly'], 'UsageError', 2],
    ['an unknown flag', ['run', 'FIX-1.yaml', '--fast'], 'UsageError', 2],
    ['a missing argument', ['run'], 'UsageError', 2],
    ['an attempt that is no number', ['run', 'FIX-1.yaml', '--attempt', 'two'], 'UsageError', 2],
    ['a spec that is not there', ['run', 'NONE.yaml'], 'FileUnreadable', 2],
    ['a spec that is a folder', ['run', 'repo'], 'FileUnreadable', 2],
    ['a spec with faults', ['run', 'bad.yaml'], 'SpecInvalid', 2],
    ['a repository that is none', ['run', 'FIX-1.yaml', '--repo', 'acme/calc=/nowhere'], 'UnknownRepository', 2],
    ['a repo flag without a name', ['run', 'FIX-1.yaml', '--repo', 'here'], 'UsageError', 2],
    ['a policy that is not there', ['run', 'FIX-1.yaml', '--policy', 'none.yaml'], 'FileUnreadable', 2],
    ['a policy with faults', ['run', 'FIX-1.yaml', '--policy', 'bad.yaml'], 'PolicyInvalid', 2],
    ['an agent nobody knows', ['run', 'FIX-1.yaml', '--policy', 'policy.yaml', '--agent', 'bond'], 'UnknownAgent', 2],
    ['a run nobody knows', ['status', 'NOPE-1'], 'RunNotFound', 2],
    ['a data folder that is a file', ['list', '--data', 'FIX-1.yaml/data'], 'FileUnreadable', 2],
    ['a gate nobody knows', ['approve', 'NOPE-1', '--as', 'lead'], 'GateNotFound', 2],
    ['an answer to a gate nobody knows', ['answer', 'r-123.question.1', 'text', '--as', 'lead'], 'GateNotFound', 2],
    ['an empty reason', ['reject', 'NOPE-1', '  '], 'AnswerInvalid', 2],
    ['why without a line', ['why', 'src/math.js'], 'UsageError', 2],
    ['a task id that is no file name', ['new', '../../etc/passwd'], 'UsageError', 2],
    [
      'detaching without anybody who would run it',
      ['run', 'FIX-1.yaml', '--policy', 'policy.yaml', '--detach'],
      'UsageError',
      2,
    ],
  ];

  test.each(refused)('%s', (_what, args, name, exit) => {
    world.spec();
    writeFileSync(join(world.folder, 'bad.yaml'), 'task_id: [unclosed\n');
    const data =
      ['why', 'new'].includes(args[0] ?? '') || args.length === 0 || args[0] === 'fly' || args.includes('--data')
        ? []
        : ['--data', 'data'];
    const said = cli(world, ...args, ...data, '--json');
    expect(said.json).toMatchObject({ error: { name } });
    expect((said.json.error as { remedy: string }).remedy).not.toBe('');
    expect(said.stderr).toContain(name);
    expect(said.code).toBe(exit);
    expect(existsSync(join(world.folder, 'data', 'bases'))).toBe(false);
    expect(world.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    expect(readdirSync(world.repo).sort()).toEqual(['.git', 'package.json', 'src', 'test']);
  });
});
