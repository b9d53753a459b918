import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli, cliAsync } from '../../support/cli.ts';
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

  test('a dry run shows its estimate, on a terminal too', () => {
    const { file } = world.spec();
    const dry = cli(world, 'run', file, '--dry-run', ...common.filter((option) => option !== '--json'));
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('dry-run  FIX-1') });
    expect(dry.stderr).toMatch(/estimated +\$0\.00 expected, at most/);
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
