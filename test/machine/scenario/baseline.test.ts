import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import type { PhaseResult } from '../../../core/run/phase.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import { scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, goodAgent, run, type World } from '../../support/world.ts';

const kinds = (view: RunView): string[] =>
  view.events.filter((event) => event.type === 'phase-started').map((event) => event.text);

describe.concurrent('R14 a baseline that is not green ends the run before the agent costs anything', () => {
  let world: World;
  let server: ServerProcess;
  const broken = `import assert from 'node:assert/strict';
import test from 'node:test';

test('breaks', () => assert.equal('spilled', 'dry', 'the tank leaks'));
`;
  beforeAll(async () => {
    world = createWorld();
    world.commit({ 'test/broken.test.js': broken });
    // Where it plans it would be started in this phase already; it has a word to say that nobody may read.
    const profile = (plans: boolean) => ({
      kind: 'command',
      command: ['node', '/agent/agent.mjs'],
      files: './agent',
      plans,
    });
    world.policy({
      agents: { default: 'planner', profiles: { planner: profile(true), quiet: profile(false) } },
      repositories: { 'acme/calc': { host: 'git', url: './repo', known_failures: ['breaks'] } },
    });
    world.agent(`console.log('the agent was here'); ${goodAgent}`);
    server = await world.open();
  });
  afterAll(async () => {
    await server.close();
    world.remove();
  });

  const green = 'node --test test/math.test.js';
  const flaky = 'test -e once || { touch once; echo unlucky; exit 1; }';
  test.each([
    ['BaselineRed', { test_command: 'npm test' }, ['failing: breaks', 'the tank leaks']],
    ['TestCommandNotFound', { test_command: 'no-such-runner --all' }, ['no-such-runner', 'exited with 127']],
    ['BaselineFlaky', { test_command: flaky }, ['failed and then passed']],
    ['InstallFailed', { test_command: green, setup_command: 'echo no compiler; exit 3' }, ['no compiler', 'with 3']],
  ])('%s', async (name, sandbox, said) => {
    const view = await run(world, server, {
      spec: {
        task_id: name.toUpperCase(),
        output_branch_prefix: `agent/${name}`,
        sandbox: { package_manager: 'npm', runtime: 'node:24', ...sandbox },
      },
    });
    expect(view).toMatchObject({ status: 'failed', commit: null, error: { name } });
    for (const text of said) expect(view.error?.message).toContain(text);
    expect(kinds(view)).toEqual(['plan 1']);
    expect(JSON.stringify(await server.service.activity(view.runId))).not.toContain('the agent was here');
    expect(world.git('for-each-ref', `refs/heads/${view.branch}`)).toBe('');
  });

  test('known_failures of spec and policy are tracked, and the run goes on', async () => {
    const view = await run(world, server, {
      spec: { task_id: 'KNOWN', output_branch_prefix: 'agent/known', agent: 'quiet', known_failures: ['breaks'] },
    });
    expect(view).toMatchObject({ status: 'delivered', error: null });
    const { plan, verify } = (await server.service.evidence(view.runId)).phases as Record<string, PhaseEnd>;
    expect(plan?.result?.baseline).toBe('known-failures');
    expect(verify?.result?.commands.find(({ name }) => name === 'test')).toMatchObject({ exitCode: 1 });
  });
});

describe('R14 a green baseline is not run again', () => {
  let world: World;
  let server: ServerProcess;
  afterEach(async () => {
    await server.close();
    world.remove();
  });

  test('for the same tree, in the real sandbox: the record says where it was green', async () => {
    world = createWorld();
    world.agent('');
    server = await world.open();
    const planOf = async (view: RunView) =>
      ((await server.service.evidence(view.runId)).phases.plan as PhaseEnd).result;
    const first = await run(world, server);
    expect(await planOf(first)).toMatchObject({ baseline: 'green', commands: [{ name: 'baseline', exitCode: 0 }] });
    const second = await run(world, server, { attempt: 2 });
    expect(await planOf(second)).toMatchObject({ outcome: 'planned', baseline: 'skipped', commands: [] });
    expect(second.events.find((event) => event.type === 'baseline')?.text).toBe(
      `cached: the tests passed on this base in ${first.runId}`,
    );
    expect(first.events.some((event) => event.type === 'baseline')).toBe(false);
  });

  test('by tree and by all that decides how tests end; only a green one, and only before an agent was there', async () => {
    const ran: boolean[] = [];
    const says: PhaseResult['baseline'][] = ['known-failures', 'red', 'flaky'];
    world = createWorld();
    server = await world.open({
      runner: scriptedRunner(({ spec }) => {
        // A sandbox in which the agent was is not believed.
        if (spec.phase !== 'plan') return { result: { baseline: 'green' } };
        ran.push(spec.baseline);
        const failed = { outcome: 'failed', error: { name: 'AgentFailed', message: 'no plan' } } as const;
        const baseline = spec.baseline ? (says.shift() ?? 'green') : 'skipped';
        return { result: { baseline, ...(ran.length === 1 ? {} : failed) } };
      }),
    });
    let attempt = 0;
    const sandbox = { package_manager: 'npm', runtime: 'node:24', test_command: 'npm test' };
    const baselineRuns = async (change: Record<string, unknown> = {}): Promise<boolean | undefined> => {
      attempt += 1;
      await run(world, server, { attempt, spec: { sandbox: { ...sandbox, ...change } } });
      return ran.at(-1);
    };
    for (const runs of [true, true, true, true, false]) expect(await baselineRuns()).toBe(runs);
    const strict = { env: { MODE: 'strict' } };
    for (const change of [
      strict,
      { test_command: 'npm test -- --all' },
      { setup_command: 'make' },
      { runtime: 'node:22' },
      { dependencies: ['left-pad@1.3.0'] },
    ])
      expect([change, await baselineRuns(change)]).toEqual([change, true]);
    expect(await baselineRuns(strict)).toBe(false);
    world.commit({ 'package-lock.json': '{"lockfileVersion": 3, "packages": {}}' });
    expect(await baselineRuns()).toBe(true);
    // The same tree again, by another commit.
    world.git('revert', '--no-edit', 'HEAD');
    expect(await baselineRuns()).toBe(false);
  });
});
