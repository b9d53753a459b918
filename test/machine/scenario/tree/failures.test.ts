import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../../../cli/local/compose.ts';
import type { PhaseResult } from '../../../../core/run/phase.ts';
import type { RunView } from '../../../../pipeline/service/service.ts';
import { callOf, goodFiles, type Script, scriptedRunner } from '../../../support/scripted-runner.ts';
import { createWorld, followRun, goodAgent, run, submit, type World } from '../../../support/world.ts';

let world: World;
let server: ServerProcess;
const open = async (script?: Script): Promise<string[]> => {
  const phases: string[] = [];
  const runner = scriptedRunner((job) => {
    phases.push(job.spec.phase);
    return script?.(job);
  });
  server = await world.open({ runner });
  return phases;
};
beforeEach(() => {
  world = createWorld();
});
afterEach(async () => {
  await server.close();
  world.remove();
});

const eventOf = ({ events }: RunView, wanted: string): string | undefined =>
  events.find(({ type }) => type === wanted)?.text;
const bodyOf = ({ pullRequest }: RunView): string => readFileSync(new URL(pullRequest?.url ?? ''), 'utf8');
const red = (output: string): Partial<PhaseResult> => ({
  outcome: 'failed',
  error: { name: 'VerifyFailed', message: output },
  commands: [{ name: 'test', command: 'npm test', exitCode: 1, timedOut: false, ms: 1, output }],
});

describe('R22 money is not spent on what no round can mend', () => {
  test('the same change that fails in the same way stops the rework, whatever its times and temporary names', async () => {
    let round = 0;
    const phases = await open(({ spec }) => {
      if (spec.phase !== 'verify') return undefined;
      round += 1;
      return { result: red(`no database at /tmp/${round}, 3${round}.5 ms, 0a1b2c3d${round}`) };
    });
    const done = await run(world, server);
    expect(done).toMatchObject({ status: 'failed', error: { name: 'NeedsPerson' }, commit: null });
    expect(done.error?.message).toMatch(/^VerifyFailed: a rework round changed nothing, and the failure is the same/);
    expect(done.error?.message).toContain('no database');
    expect(phases).toEqual(['plan', 'build', 'verify', 'rework', 'verify']);
  });

  test('a person who is asked can let it go on, and is asked again only after another round', async () => {
    const phases = await open(({ spec }) => (spec.phase === 'verify' ? { result: red('no database') } : undefined));
    const { runId } = await submit(world, server);
    await followRun(server, runId, false);
    await server.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
    expect(await followRun(server, runId, false)).toMatchObject({ state: 'AskHuman', status: 'waiting' });
    await server.service.vote({ gate: runId, who: 'lead', choice: 'answer', text: 'start it in setup' });
    expect(await followRun(server, runId, false)).toMatchObject({ state: 'AskHuman', status: 'waiting' });
    expect(phases).toEqual(['plan', 'build', 'verify', 'rework', 'verify', 'rework', 'verify']);
  });

  test.each<[string, (round: number) => ReturnType<Script>]>([
    ['another change', (round) => ({ files: { 'src/math.js': `// ${round}\n` } })],
    ['the same change', () => undefined],
  ])('%s with another failure is reworked', async (what, built) => {
    let round = 0;
    world.policy({ limits: { rework_rounds: 2 } });
    const phases = await open(({ spec }) => {
      if (spec.phase === 'plan') return undefined;
      if (spec.phase !== 'verify') {
        round += 1;
        return built(round);
      }
      return { result: red(what === 'another change' ? 'red' : 'red '.repeat(round)) };
    });
    expect((await run(world, server)).error?.message).toContain('2 rework rounds did not solve it');
    expect(phases.filter((phase) => phase === 'rework')).toHaveLength(2);
  });

  test('a branch that somebody else holds is found before the first phase', async () => {
    const phases = await open();
    const spec = { task_id: 'TAKEN' };
    const { runId } = await submit(world, server, { spec: { ...spec, output_branch_prefix: 'agent/first' } });
    const { branch } = await followRun(server, runId, true);
    const other = createWorld();
    try {
      // The same spec in a fresh data folder has the same branch.
      const fresh = await world.open({
        dataDir: `${other.folder}/data`,
        runner: scriptedRunner(() => void phases.push('second')),
      });
      try {
        const done = await run(world, fresh, { spec: { ...spec, output_branch_prefix: 'agent/first' } });
        expect(done).toMatchObject({ status: 'failed', error: { name: 'BranchTaken' }, commit: null, branch });
        expect(phases).not.toContain('second');
      } finally {
        await fresh.close();
      }
    } finally {
      other.remove();
    }
  });
});

describe('R17 what did not go right is told', () => {
  test('tests that fail and then pass on the same tree are flaky: published, with a word to everybody', async () => {
    world.commit({ '.gitignore': 'once\n' });
    const flaky = 'grep -q "a - b" src/math.js || test -e once || { touch once; echo "not today"; exit 1; }';
    server = await world.open();
    const view = await run(world, server, {
      spec: { sandbox: { package_manager: 'npm', runtime: 'node:24', test_command: flaky } },
    });
    expect(view).toMatchObject({ status: 'delivered', error: null });
    expect(view.events.filter(({ type, text }) => type === 'phase-started' && text.startsWith('rework'))).toEqual([]);
    expect(eventOf(view, 'tests-flaky')).toBe('The tests failed and then passed on the same tree: not today');
    expect(bodyOf(view)).toContain('- ⚠ **Tests are flaky**');
    const verify = (await server.service.evidence(view.runId)).phases.verify as { result: PhaseResult };
    expect(verify.result.commands.map(({ name, exitCode }) => `${name} ${exitCode}`)).toEqual(
      expect.arrayContaining(['test 1', 'test again 0']),
    );
  });

  test('tests that fail twice are red, and are shown once', async () => {
    server = await world.open();
    world.policy({ limits: { rework_rounds: 0 } });
    const view = await run(world, server, {
      spec: {
        sandbox: {
          package_manager: 'npm',
          runtime: 'node:24',
          test_command: 'grep -q "a - b" src/math.js || { echo "never again"; exit 1; }',
        },
      },
    });
    expect(view).toMatchObject({ status: 'failed', error: { name: 'NeedsPerson' } });
    expect(view.error?.message.split('never again').length).toBe(3); // the command itself, and its output
    expect(eventOf(view, 'tests-flaky')).toBeUndefined();
  });

  test('an agent that failed half-way is named in the events, the pull request and the review, and in a failure', async () => {
    server = await world.open();
    world.agent(`${goodAgent} console.log('quota exceeded'); process.exit(3);`);
    const view = await run(world, server);
    expect(view).toMatchObject({ status: 'delivered', error: null });
    expect(eventOf(view, 'agent-failed')).toMatch(/^AgentFailed: the agent exited with 3 .*half done/);
    const body = bodyOf(view);
    expect(body).toContain('- ⚠ **The agent failed**');
    expect(body).toContain('quota exceeded');
    const [review] = (await server.service.gatesOf(view.runId)).filter(({ kind }) => kind === 'review');
    expect(review?.text).toMatch(/^AgentFailed: /);

    world.policy({ limits: { rework_rounds: 0 } });
    world.agent(`fs.writeFileSync('src/math.js', 'export const'); console.log('quota exceeded'); process.exit(3);`);
    const half = await run(world, server, { spec: { task_id: 'HALF', output_branch_prefix: 'agent/half' } });
    expect(half.error?.message).toContain('AgentFailed: the agent exited with 3');
  });

  test('new files that git ignores are named to the next round, the review and the pull request', async () => {
    const prompts: string[] = [];
    let verified = 0;
    await open(({ spec }) => {
      prompts.push(spec.prompt);
      if (spec.phase === 'build' || spec.phase === 'rework') return { result: { hidden: ['out.log'] } };
      if (spec.phase === 'plan') return undefined;
      verified += 1;
      return verified === 1 ? { result: red('no out.log') } : undefined;
    });
    const view = await run(world, server);
    expect(view.status).toBe('delivered');
    expect(prompts[1]).not.toContain('out.log');
    expect(prompts[3]).toMatch(/\.gitignore hides these files.*\nout\.log\n/s);
    expect(bodyOf(view)).toContain('are not in the change: `out.log`');
    const [review] = (await server.service.gatesOf(view.runId)).filter(({ kind }) => kind === 'review');
    expect(review?.text).toContain('are not in the change: out.log');
  });

  test('an agent that did not fail in the next round is forgotten', async () => {
    const failed: Partial<PhaseResult> = {
      outcome: 'failed',
      error: { name: 'AgentFailed', message: 'the agent exited with 3' },
      agent: { exitCode: 3, ms: 1 },
    };
    let verified = 0;
    await open(({ spec }) => {
      if (spec.phase === 'build') return { files: { 'src/math.js': 'half\n' }, result: failed };
      if (spec.phase === 'rework') return { files: goodFiles };
      if (spec.phase === 'plan') return undefined;
      verified += 1;
      return verified === 1 ? { result: red('red') } : undefined;
    });
    const view = await run(world, server);
    expect(view.status).toBe('delivered');
    expect(eventOf(view, 'agent-failed')).toBeDefined();
    expect(bodyOf(view)).not.toContain('The agent failed');
  });

  test('an agent that failed and changed nothing is not said to have changed files; calls that reached no model are named', async () => {
    const error = { name: 'AgentFailed', message: 'the agent exited with 3\nno answer' };
    await open(({ spec }) =>
      spec.phase === 'build'
        ? {
            files: {},
            result: { outcome: 'failed', error, agent: { exitCode: 3, ms: 1 } },
            calls: ['a', 'b'].map((id) => ({ ...callOf(id, 0), charged: 'not-sent' as const })),
          }
        : undefined,
    );
    const view = await run(world, server);
    expect(view.error).toMatchObject({
      name: 'AgentFailed',
      message: expect.stringMatching(/^It changed nothing: .*exited with 3\nno answer/),
    });
    expect(view.error?.message).toMatch(/None of its 2 calls reached the model provider google: is it running\?$/);
    expect(eventOf(view, 'agent-failed')).toBeUndefined();
  });
});
