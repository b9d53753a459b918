/** The deployment, as far as it can run without an account: bundled functions, the same machine, stand-ins for AWS's services. */
import { afterEach, describe, expect, test } from 'vitest';
import { isFinal } from '../../core/run/record.ts';
import { notAllowed } from '../support/aws/allowed.ts';
import type { TaskScript } from '../support/aws/fargate.ts';
import { type AwsWorld, createAwsWorld } from '../support/aws-world.ts';
import { createGitHubWorld, pushedSpec } from '../support/github-world.ts';
import { goodFiles } from '../support/scripted-runner.ts';

let at: AwsWorld | undefined;
afterEach(async () => {
  await at?.ecs.idle();
  expect(at?.aws.unknown ?? []).toEqual([]);
  // What was started is stopped, and no phase is left waiting.
  expect(at?.ecs.tasks.filter(({ running }) => running) ?? []).toEqual([]);
  // Each function did only what its role allows.
  expect(notAllowed(at?.aws.calls ?? [])).toEqual([]);
  await at?.close();
  at = undefined;
});
const start = async (options: Parameters<typeof createAwsWorld>[0] = {}): Promise<AwsWorld> => {
  at = await createAwsWorld(options);
  return at;
};
const specPath = '.agent-tasks/FIX-1.yaml';
const reviewing = (run: { state: string; status: string }): boolean =>
  run.status === 'waiting' && run.state === 'ReviewGate';
const ended = ({ status }: { status: string }): boolean => isFinal(status as never);
const approve = async ({ github, until }: AwsWorld): Promise<void> => {
  const run = await until('FIX-1', reviewing);
  await github.review(Number(run.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: run.commit ?? '' });
};
const push = ({ github }: AwsWorld, change = {}): Promise<string> =>
  github.push({ [specPath]: pushedSpec(github, change) }, { by: 'dev-gh' });
const eventsOf = async ({ runs }: AwsWorld, runId: string): Promise<string[]> =>
  (await runs.events(runId)).map(({ type }) => type);

describe('the same pipeline in an account', () => {
  test('R1 R24 a push by webhook → functions and tasks → draft → approved on GitHub → ready, as on one machine', async () => {
    const world = await start();
    await push(world);
    await approve(world);
    const run = await world.until('FIX-1', ended);
    expect(run.status).toBe('delivered');
    expect((await world.github.pull(Number(run.pullRequest?.id))).draft).toBe(false);
    expect(await world.github.file(run.commit ?? '', 'src/math.js')).toBe(goodFiles['src/math.js']);

    const one = await createGitHubWorld();
    try {
      await one.github.push({ [specPath]: pushedSpec(one.github) }, { by: 'dev-gh' });
      const waiting = await one.until('FIX-1', reviewing);
      await one.github.review(Number(waiting.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: waiting.commit ?? '' });
      const same = await one.until('FIX-1', ({ endedAt }) => endedAt !== null);
      expect(await eventsOf(world, run.runId)).toEqual(same.events.map(({ type }) => type));
      expect(world.engine.history(run.runId).length).toBe(same.transitions);
    } finally {
      await one.close();
    }
  });

  test('R11 the same push again, and again: one run, two tasks per phase', async () => {
    const world = await start();
    const commit = await push(world);
    await world.until('FIX-1', reviewing);
    const tasks = world.ecs.tasks.length;
    const [first] = world.github.delivered('push').slice(-1);
    for (let again = 0; again < 3; again++) if (first) await world.github.send(first);
    await approve(world);
    await world.until('FIX-1', ended);
    expect(await world.runs.list()).toHaveLength(1);
    expect(world.ecs.tasks.length).toBe(tasks);
    expect(tasks % 2).toBe(0);
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
  });

  test('R24 changes requested become one more commit', async () => {
    const script: TaskScript = ({ spec }) =>
      spec.phase === 'rework' ? { files: { 'src/math.js': `${goodFiles['src/math.js']}// why\n` } } : undefined;
    const world = await start({ script });
    await push(world);
    const first = await world.until('FIX-1', reviewing);
    await world.github.review(Number(first.pullRequest?.id), 'lead-gh', 'REQUEST_CHANGES', {
      commit: first.commit ?? '',
      body: 'Say why.',
    });
    await world.until('FIX-1', (run) => reviewing(run) && run.commit !== first.commit);
    await approve(world);
    expect((await world.until('FIX-1', ended)).status).toBe('delivered');
  });

  test.each([
    ['the gateway is killed', { fate: 'gateway-killed' }, 'SandboxLost'],
    ['Fargate takes the sandbox back', { fate: 'spot' }, 'SandboxInterrupted'],
  ] as const)('R12 %s: the phase is tried again, by name', async (_, suffered, name) => {
    const lost = new Set<string>();
    const world = await start({
      script({ spec }) {
        if (spec.phase !== 'build' || lost.size > 0) return undefined;
        lost.add(spec.phaseKey);
        return suffered;
      },
    });
    await push(world);
    await approve(world);
    const run = await world.until('FIX-1', ended);
    expect(run.status).toBe('delivered');
    const told = (await world.runs.events(run.runId)).filter(({ text }) => text.startsWith('build: '));
    expect(told.map(({ text }) => text)).toEqual([`build: ${name}`, 'build: built']);
  });

  test('R12 no capacity and throttled functions: tried again', async () => {
    const world = await start();
    world.throttle.set('build', 2);
    world.throttle.set('publish', 1);
    world.ecs.full = 1;
    await push(world);
    await approve(world);
    expect((await world.until('FIX-1', ended)).status).toBe('delivered');
    expect([...world.throttle.values()]).toEqual([0, 0]);
  });

  test('R12 an execution that was stopped in the console is settled, its tasks and its money given back', async () => {
    const world = await start();
    await push(world);
    const { runId } = await world.until('FIX-1', reviewing);
    await world.engine.stop(runId, 'x', 'y');
    const event = { detail: { name: runId, status: 'ABORTED' } };
    await world.call('settle-run', event);
    await world.call('settle-run', event);
    expect(await world.until('FIX-1', ended)).toMatchObject({ status: 'cancelled', error: { name: 'Cancelled' } });
    expect((await eventsOf(world, runId)).filter((type) => type === 'ended')).toHaveLength(1);
  });
});
