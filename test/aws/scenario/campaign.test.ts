/** The campaigns of one machine (test/github/scenario/campaign.test.ts) on a deployment, with what each function may do. */
import { expect, test } from 'vitest';
import { isFinal } from '../../../core/run/status.ts';
import { notAllowed } from '../../support/aws/allowed.ts';
import { createAwsWorld } from '../../support/aws-world.ts';
import { campaignSpec, part, partOf, writesItsFile } from '../../support/campaign.ts';
import { campaignScenarios } from '../../support/campaign-scenarios.ts';
import { pushedSpec } from '../../support/github-world.ts';
import { callOf } from '../../support/scripted-runner.ts';

campaignScenarios(async (options) => {
  const world = await createAwsWorld(options);
  return {
    github: world.github,
    spec: (change = {}) => pushedSpec(world.github, change),
    until: world.until,
    events: async (runId) => (await world.runs.events(runId)).map(({ type, text }) => `${type}: ${text}`),
    runs: () => world.runs.list(),
    tick: () => world.call('reconcile', {}),
    async close() {
      await world.ecs.idle();
      const { calls, unknown } = world.aws;
      await world.close();
      expect(unknown).toEqual([]);
      expect(world.ecs.tasks.filter(({ running }) => running)).toEqual([]);
      // Each function did only what its role allows.
      expect(notAllowed(calls)).toEqual([]);
    },
  };
});

test('R35 twelve parts, five at once, each end delivered three times, beside the reconciler: merged once, money exact', async () => {
  let [now, most] = [0, 0];
  const { promise: five, resolve } = Promise.withResolvers<void>();
  const world = await createAwsWorld({
    policy: { limits: { parallel_parts: 5 } },
    async script(job) {
      if (job.spec.phase !== 'build' || partOf(job) === undefined) return undefined;
      most = Math.max(most, ++now);
      if (now === 5) resolve();
      await five;
      now -= 1;
      return { ...writesItsFile(job), calls: [callOf(job.spec.phaseKey, 12_345)] };
    },
  });
  try {
    const twelve = Array.from({ length: 12 }, (_, i) => part(`p${i}`));
    const spec = pushedSpec(world.github, campaignSpec(twelve, { max_parts: 12, max_parallel: 5 }));
    await world.github.push({ '.agent-tasks/FIX-1.yaml': spec }, { by: 'dev-gh' });
    // Settle of each part is called again while others run, as a function is whose answer was lost.
    const again = twelve.map(async ({ id }) => {
      const { runId, status } = await world.until(`FIX-1/${id}`, (run) => isFinal(run.status));
      for (let time = 0; time < 2; time++) await world.call('settle', { runId, outcome: { status } });
      await world.call('reconcile', {});
    });
    await Promise.all(again);
    const waiting = await world.until('FIX-1', (run) => run.status === 'waiting' && run.state === 'ReviewGate');
    await world.github.review(Number(waiting.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: waiting.commit ?? '' });
    const run = await world.until('FIX-1', ({ status }) => isFinal(status));
    expect(run).toMatchObject({ status: 'delivered', spentMicros: 12 * 12_345 });
    expect(most).toBe(5);
    expect(Object.values(run.campaign?.parts ?? {}).map(({ status, round }) => `${status} ${round}`)).toEqual(
      Array(12).fill('done 1'),
    );
    const events = (await world.runs.events(run.runId)).map(({ type }) => type);
    expect(events.filter((type) => type === 'parts-merged')).toHaveLength(1);
    expect(events.filter((type) => type === 'part-started')).toHaveLength(12);
    expect(await world.github.branches('agent/')).toEqual([run.branch]);
  } finally {
    await world.ecs.idle();
    await world.close();
  }
});
