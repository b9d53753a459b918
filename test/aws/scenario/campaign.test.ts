/** The campaigns of one machine (test/github/scenario/campaign.test.ts) on a deployment, with what each function may do. */
import { expect } from 'vitest';
import { notAllowed } from '../../support/aws/allowed.ts';
import { createAwsWorld } from '../../support/aws-world.ts';
import { campaignScenarios } from '../../support/campaign-scenarios.ts';
import { pushedSpec } from '../../support/github-world.ts';

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
