/**
 * The deployment, as far as it can run without an account: bundled functions, the same machine, stand-ins for AWS's
 * services. First the scenarios of one machine (test/github/scenario/github-pipeline.test.ts), then what only AWS can suffer,
 * then what all of them together needed of IAM.
 */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isFinal } from '../../../core/run/status.ts';
import { typical } from '../../../scripts/cost/run.ts';
import { notAllowed } from '../../support/aws/allowed.ts';
import type { AwsCall } from '../../support/aws/call.ts';
import type { TaskScript } from '../../support/aws/fargate.ts';
import { unused } from '../../support/aws/unused.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { createGitHubWorld, pushedSpec } from '../../support/github-world.ts';
import { pipelineScenarios } from '../../support/pipeline-scenarios.ts';

const realNow = Date.now;
/** `function action` of every call of every scenario. */
const called = new Set<string>();
const open = async (options: { script?: TaskScript; policy?: Record<string, unknown> } = {}): Promise<AwsWorld> => {
  const world = await createAwsWorld(options);
  return {
    ...world,
    async close() {
      await world.ecs.idle();
      const { calls, unknown } = world.aws;
      for (const { principal, needs } of calls) for (const { action } of needs) called.add(`${principal} ${action}`);
      await world.close();
      expect(unknown).toEqual([]);
      // What was started is stopped, and no phase is left waiting.
      expect(world.ecs.tasks.filter(({ running }) => running)).toEqual([]);
      // Each function did only what its role allows.
      expect(notAllowed(calls)).toEqual([]);
    },
  };
};
const eventsOf = async ({ runs }: AwsWorld, runId: string): Promise<string[]> =>
  (await runs.events(runId)).map(({ type, text }) => `${type}: ${text}`);

describe('as on one machine', () => {
  pipelineScenarios(async (options) => {
    const world = await open(options);
    return {
      github: world.github,
      spec: (change = {}) => pushedSpec(world.github, change),
      until: world.until,
      events: (runId) => eventsOf(world, runId),
      runs: () => world.runs.list(),
      tick: () => world.call('reconcile', {}),
      close: world.close,
    };
  });
});

describe('what only AWS can suffer', () => {
  let at: AwsWorld | undefined;
  let later = 0;
  beforeEach(() => {
    later = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + later);
  });
  afterEach(async () => {
    await at?.close();
    at = undefined;
    vi.restoreAllMocks();
  });
  const start = async (options: Parameters<typeof open>[0] = {}): Promise<AwsWorld> => {
    at = await open(options);
    return at;
  };
  const specPath = '.agent-tasks/FIX-1.yaml';
  const reviewing = (run: { state: string; status: string }): boolean =>
    run.status === 'waiting' && run.state === 'ReviewGate';
  const ended = ({ status }: { status: string }): boolean => isFinal(status as never);
  const push = ({ github }: AwsWorld): Promise<string> =>
    github.push({ [specPath]: pushedSpec(github) }, { by: 'dev-gh' });
  const approve = async ({ github, until }: AwsWorld): Promise<void> => {
    const run = await until('FIX-1', reviewing);
    await github.review(Number(run.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: run.commit ?? '' });
  };

  test('R1 nothing: the events and transitions of one machine, within the limits of a run', async () => {
    const world: AwsWorld = await start({
      // A gateway asks the broker first, which binds the grant to it.
      async script({ spec }) {
        const gateway = world.ecs.tasks.find(({ role, phaseKey }) => role === 'gateway' && phaseKey === spec.phaseKey);
        const grant = gateway?.environment.DRYDOCK_GRANT;
        await world.call('broker', { phaseKey: spec.phaseKey, grant, proof: '7'.repeat(64) });
        return undefined;
      },
    });
    // The first message about a repository imports its baseline, once; that is not part of a run.
    await world.github.push({ 'NOTES.md': 'Not a spec.\n' }, { by: 'dev-gh' });
    const imported = ({ action, writeUnits, input }: AwsCall): boolean =>
      action === 'dynamodb:PutItem' && writeUnits !== undefined && JSON.stringify(input).includes('"adopted"');
    await expect.poll(() => world.aws.calls.some(imported), { timeout: 30_000 }).toBe(true);
    world.aws.calls.length = 0;
    world.invoked.length = 0;
    const earlier = world.github.delivered('push').length;
    await push(world);
    await approve(world);
    const run = await world.until('FIX-1', ended);
    const one = await createGitHubWorld();
    try {
      await one.github.push({ [specPath]: pushedSpec(one.github) }, { by: 'dev-gh' });
      const waiting = await one.until('FIX-1', reviewing);
      await one.github.review(Number(waiting.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: waiting.commit ?? '' });
      const same = await one.until('FIX-1', ({ endedAt }) => endedAt !== null);
      expect(await eventsOf(world, run.runId)).toHaveLength(same.events.length);
      expect((await world.runs.events(run.runId)).map(({ type }) => type)).toEqual(same.events.map(({ type }) => type));
      // The end is in the record before the engine has counted its last transition.
      const { transitions } = await one.until(
        'FIX-1',
        (now) => now.transitions >= world.engine.history(run.runId).length,
      );
      expect(world.engine.history(run.runId).length).toBe(transitions);
    } finally {
      await one.close();
    }
    expect(world.ecs.tasks.length).toBe(2 * 3);
    // What docs/cost.md reckons with. Of the invocations, GitHub's messages about what the run itself did come to nothing.
    // What a phase asks of the broker is counted apart: one call, and one write that binds the grant.
    const own = world.invoked.filter((name) => name !== 'webhook');
    const asked = world.invoked.filter((name) => name === 'broker').length;
    expect(asked).toBe(typical.phases);
    expect(own.length - asked + world.github.delivered('push').length - earlier).toBeLessThanOrEqual(20);
    expect(world.invoked.length - asked).toBeLessThanOrEqual(typical.invocations);
    expect(world.engine.history(run.runId).length).toBeLessThanOrEqual(typical.transitions);
    const binds = ({ action, input }: AwsCall): boolean =>
      action === 'dynamodb:PutItem' && JSON.stringify(input).includes('"grant#');
    const unitsOf = (calls: AwsCall[]): number => calls.reduce((sum, { writeUnits = 0 }) => sum + writeUnits, 0);
    expect(unitsOf(world.aws.calls.filter(binds))).toBe(typical.phases);
    const writes = unitsOf(world.aws.calls.filter((call) => !binds(call)));
    expect(writes).toBeLessThanOrEqual(typical.writes);
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
    const told = (await eventsOf(world, run.runId)).filter((event) => event.startsWith('phase-ended: build'));
    expect(told).toEqual([`phase-ended: build: ${name}`, 'phase-ended: build: built']);
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

  test('F8 no capacity for longer than the attempts of a lost sandbox: the run waits, says so, and goes on', async () => {
    const world = await start();
    // No delay between the retries: full jitter starts at none.
    vi.spyOn(Math, 'random').mockReturnValue(0);
    world.ecs.full = 7;
    await push(world);
    await approve(world);
    const run = await world.until('FIX-1', ended);
    expect(run).toMatchObject({ status: 'delivered', spentMicros: 0 });
    const told = (await eventsOf(world, run.runId)).filter((event) => event.startsWith('capacity-missing'));
    expect(told).toHaveLength(7);
    expect(told[0]).toContain('Capacity is unavailable at this time.');
  });

  test('R12 the events of stopped tasks are lost: the reconciler settles the phase, once', async () => {
    const world = await start();
    world.ecs.muted = true;
    await push(world);
    const started = async (phase: string): Promise<boolean> => {
      await world.ecs.idle();
      const orders = [...world.aws.objects.keys()].filter(
        (key) => key.includes(`/${phase}/`) && /end\.json$/.test(key),
      );
      return orders.length > 0;
    };
    for (const phase of ['plan', 'build', 'verify']) {
      await expect.poll(() => started(phase), { timeout: 60_000, interval: 50 }).toBe(true);
      later += 6 * 60_000;
      await world.call('reconcile', {});
      await world.call('reconcile', {});
    }
    await approve(world);
    const run = await world.until('FIX-1', ended);
    expect(run.status).toBe('delivered');
    const told = (await eventsOf(world, run.runId)).filter((event) => event.startsWith('phase-ended'));
    expect(told.map((event) => event.split(': ')[1])).toEqual(['plan', 'build', 'verify']);
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
    expect((await world.runs.events(runId)).filter(({ type }) => type === 'ended')).toHaveLength(1);
  });

  test('R12 nobody told of a stopped execution: the reconciler settles the run', async () => {
    const world = await start();
    await push(world);
    const { runId } = await world.until('FIX-1', reviewing);
    await world.engine.stop(runId, 'x', 'y');
    await world.call('reconcile', {});
    await world.call('reconcile', {});
    expect((await world.until('FIX-1', ended)).status).not.toBe('delivered');
    expect((await world.runs.events(runId)).filter(({ type }) => type === 'ended')).toHaveLength(1);
  });
});

test('the roles allow nothing but what a scenario used, and what is explained', () => {
  expect(unused(called)).toEqual({ grants: [], explanations: [] });
});
