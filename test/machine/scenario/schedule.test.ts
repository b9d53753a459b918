import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import { scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, policyOf, type World } from '../../support/world.ts';

let world: World;
let server: ServerProcess | undefined;
let now: number;
beforeEach(() => {
  world = createWorld();
  now = Date.parse('2026-10-24T12:00:00Z');
});
afterEach(async () => {
  await server?.close();
  world.remove();
});

const runbook = (schedule: string): string => `---
runbook: nightly
version: 1
spec:
  constraints: ["Change only src/**"]
  sandbox: {package_manager: npm, runtime: "node:24", test_command: npm test}
  budget: {max_usd: 2}
triggers:
  - {schedule: "${schedule}", timezone: Europe/Berlin}
---

# Look at the sources

Mend what is wrong in src.
`;

const allow = (change: Record<string, unknown> = {}, review: Record<string, unknown> = {}): void => {
  world.policy({
    repositories: { 'acme/calc': { host: 'git', url: './repo', trusted_branches: ['main'] } },
    review: { approvers: ['lead'], plan: 'optional', solo: true, ...review },
    triggers: { runbooks: { 'acme/calc': ['*'] }, requester: 'lead', max_runs_per_day: 2, ...change },
  });
};
const open = async (): Promise<ServerProcess> => {
  await server?.close();
  server = await world.open({ policy: () => policyOf(world), runner: scriptedRunner(), now: () => now });
  await server.resume();
  return server;
};
const at = (text: string): void => {
  now = Date.parse(text);
};
const fired = async (): Promise<(string | undefined)[]> =>
  ((await server?.service.list()) ?? []).map(({ trigger }) => trigger?.what).sort();

test('R53 a schedule fires once: two that look at once, a restart, daylight saving, a pause of days', async () => {
  world.commit({ '.agent-tasks/runbooks/nightly.md': runbook('30 2 * * *') });
  allow();
  const first = await open();
  // It is known since now; the time before it does not count.
  expect(await first.fireSchedules()).toEqual([]);
  // The clock goes back at 3 in that night, so that 2:30 comes twice.
  at('2026-10-25T00:30:00Z');
  const looks = await Promise.all([first.fireSchedules(), first.fireSchedules()]);
  expect(looks.flat().filter(({ outcome }) => outcome === 'done')).toHaveLength(1);
  at('2026-10-25T01:30:00Z');
  expect(await first.fireSchedules()).toEqual([]);
  expect(await (await open()).fireSchedules()).toMatchObject([{ outcome: 'ignored' }]);
  expect(await fired()).toEqual(['30 2 * * * Europe/Berlin at 2026-10-25T00:30:00.000Z']);
  const [run] = (await server?.service.list()) ?? [];
  expect(run).toMatchObject({ runbook: { name: 'nightly', parameters: {} }, origin: { branch: 'main' } });
  expect((await server?.service.audit(run?.runId ?? ''))?.requester).toBe('lead');

  // Nobody looked for three days: the last one counts, once, and it is said to be late.
  at('2026-10-28T12:00:00Z');
  expect(await (await open()).fireSchedules()).toMatchObject([
    { outcome: 'done', reason: expect.stringContaining('630 minutes late') },
  ]);
  expect(await fired()).toEqual([
    '30 2 * * * Europe/Berlin at 2026-10-25T00:30:00.000Z',
    '30 2 * * * Europe/Berlin at 2026-10-28T01:30:00.000Z',
  ]);
});

test('R53 max_runs_per_day and usd_per_day hold', async () => {
  world.commit({ '.agent-tasks/runbooks/nightly.md': runbook('0 * * * *') });
  allow();
  await (await open()).fireSchedules();
  const hours = async (from: number, to: number): Promise<string> => {
    const said: string[] = [];
    for (let hour = from; hour <= to; hour++) {
      at(`2026-10-24T${hour}:00:00Z`);
      said.push(...((await server?.fireSchedules()) ?? []).map(({ outcome }) => outcome));
    }
    return said.join(' ');
  };
  expect(await hours(13, 16)).toBe('done done refused refused');
  expect(await fired()).toHaveLength(2);
  // On the next day, in UTC, there is room again; and 3 dollars are enough for one run of at most 2.
  allow({ usd_per_day: 3 });
  at('2026-10-25T08:00:00Z');
  expect(await server?.fireSchedules()).toMatchObject([{ outcome: 'done' }]);
  at('2026-10-25T09:00:00Z');
  expect(await server?.fireSchedules()).toMatchObject([
    { outcome: 'refused', reason: expect.stringContaining('triggers.usd_per_day, $3.00, is used up') },
  ]);
});

test('R53 on a host that tells nothing of reviews, only a policy for one person lets runbooks fire', async () => {
  world.commit({ '.agent-tasks/runbooks/nightly.md': runbook('0 * * * *') });
  allow({ requester: 'second' }, { solo: false });
  await (await open()).fireSchedules();
  at('2026-10-24T13:00:00Z');
  expect(await server?.fireSchedules()).toMatchObject([
    { outcome: 'refused', reason: expect.stringContaining('does not tell who reviewed a change') },
  ]);
  expect(await fired()).toEqual([]);
});
