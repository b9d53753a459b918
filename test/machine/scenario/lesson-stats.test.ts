import { afterEach, beforeEach, expect, test } from 'vitest';
import { scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, run, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

const lesson = (applies: string): string =>
  `---\napplies_to: [${applies}]\nadded: 2026-11-01\nreview_by: 2027-01-01\n---\n\nNumbers are integers.\n`;

test('R36 the statistics of a lesson are those of the records and of the ledger, to the micro-dollar', async () => {
  let round = 0;
  const runner = scriptedRunner(({ spec }) => ({
    calls:
      spec.phase === 'verify'
        ? []
        : [
            {
              ...{ id: spec.phaseKey, provider: 'p', model: 'm', inputTokens: 10, outputTokens: 5, cachedTokens: 0 },
              ...{ usdMicros: 1_234 + spec.phaseKey.length, state: 'settled' as const, kind: 'chat' },
            },
          ],
    // The first build of every second run is wrong.
    ...(spec.phase === 'verify' && spec.phaseKey.split('/')[2] === '1' && round % 2 === 0
      ? {
          result: {
            outcome: 'failed' as const,
            commands: [{ name: 'test', command: 'npm test', exitCode: 1, timedOut: false, ms: 1, output: 'no' }],
          },
        }
      : {}),
  }));
  const server = await world.open({ runner });
  try {
    const costs = new Map<string, number>();
    const attempt = async (number: number) => {
      const done = await run(world, server, { attempt: number });
      const { calls } = await server.service.audit(done.runId);
      costs.set(
        done.runId,
        calls.reduce((sum, call) => sum + call.usdMicros, 0),
      );
      expect(done.status).toBe('delivered');
      return done.runId;
    };
    await attempt(1);
    world.commit({ '.agent-tasks/knowledge/a.md': lesson('src/**'), '.agent-tasks/knowledge/b.md': lesson('docs/**') });
    round = 1;
    const second = await attempt(2);
    round = 2;
    const third = await attempt(3);
    const query = (slug: string, glob: string) => ({ slug, applies_to: [glob], added: '2099-01-01' });
    const [a, b] = await server.service.lessonStats('acme/calc', [query('a', 'src/**'), query('b', 'docs/**')]);
    expect(a).toMatchObject({
      usedBy: [third, second],
      before: { runs: 1, reworked: 1, rate: 1 },
      after: { runs: 2, reworked: 1, rate: 0.5 },
    });
    expect(Math.round((a?.usd ?? 0) * 1_000_000)).toBe((costs.get(second) ?? 0) + (costs.get(third) ?? 0));
    expect(a?.usd).toBeGreaterThan(0);
    expect(b).toMatchObject({ usedBy: [], usd: 0, before: { runs: 0, rate: null }, after: { runs: 0, rate: null } });
  } finally {
    await server.close();
  }
});
