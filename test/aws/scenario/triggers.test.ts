/** Triggers of runbooks on a deployment: a schedule in the reconciler and a push in the worker of webhooks, each once, with the permissions that there are. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { notAllowed } from '../../support/aws/allowed.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';

const realNow = Date.now;
let world: AwsWorld;
let later = 0;
beforeEach(async () => {
  // Twenty minutes past an hour, whenever the test runs.
  later = 3_600_000 - (realNow() % 3_600_000) + 20 * 60_000;
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + later);
  world = await createAwsWorld({
    policy: {
      review: { approvers: ['lead', 'second'], plan: 'required' },
      triggers: { runbooks: { 'acme/calc': ['*'] }, requester: 'dev', max_runs_per_day: 3 },
    },
  });
});
afterEach(async () => {
  await world.ecs.idle();
  await world.close();
  vi.restoreAllMocks();
});

const runbook = `---
runbook: hourly
version: 1
spec:
  constraints: ["Change only src/**"]
  sandbox: {package_manager: npm, runtime: "node:24", test_command: npm test}
triggers:
  - {schedule: "0 * * * *", timezone: UTC}
  - push: {branches: [main], paths: [src/**]}
---

# Look at the sources

Mend what is wrong in src.
`;

test('R53 a schedule fires once in two passes of the reconciler at once; a push fires once, delivered twice', async () => {
  const { github } = world;
  const head = await github.push({ '.agent-tasks/runbooks/hourly.md': runbook }, { by: 'dev-gh', branch: 'topic' });
  const { data } = await github.as('dev-gh').pulls.create({ ...github.at, title: 't', head: 'topic', base: 'main' });
  await github.review(data.number, 'lead-gh', 'APPROVE', { commit: head });
  await github.merge(data.number, 'dev-gh');
  const triggers = async () => (await world.runs.list()).map(({ trigger }) => trigger?.kind).sort();

  const told = (await world.call('reconcile', {})) as { schedules: { outcome: string; reason: string }[] };
  expect(told.schedules).toEqual([]);
  later += 3_600_000;
  await Promise.all([world.call('reconcile', {}), world.call('reconcile', {})]);
  await world.call('reconcile', {});
  expect(await triggers()).toEqual(['schedule']);

  await github.push({ 'src/other.js': 'export {};\n' }, { by: 'dev-gh' });
  await expect.poll(triggers, { timeout: 30_000, interval: 50 }).toEqual(['push', 'schedule']);
  const [last] = github.delivered('push').slice(-1);
  if (last) await github.send(last);
  for (const { taskId, runbook: used } of await world.runs.list()) {
    expect(used).toMatchObject({ name: 'hourly', version: 1 });
    await world.until(taskId, ({ state, status }) => status === 'waiting' && state === 'PlanGate');
  }
  expect(await triggers()).toEqual(['push', 'schedule']);
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
});
