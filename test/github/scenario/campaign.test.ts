/** The campaigns that AWS runs too (test/aws/scenario/campaign.test.ts), on one machine. */
import { campaignScenarios } from '../../support/campaign-scenarios.ts';
import { createGitHubWorld } from '../../support/github-world.ts';

campaignScenarios(async (options) => {
  const world = await createGitHubWorld(options);
  const { service } = world.server;
  return {
    github: world.github,
    spec: world.spec,
    until: world.until,
    events: async (runId) => (await service.run(runId)).events.map(({ type, text }) => `${type}: ${text}`),
    runs: () => service.list(),
    tick: async () => world.server.webhooks?.hooks.sweep(),
    close: world.close,
  };
});
