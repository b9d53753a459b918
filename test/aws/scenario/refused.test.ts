/** GitHub's deliveries are refused for an hour, and come back: specs, reviews and comments among them, each once (AWS-REVIEW F16). */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { notAllowed } from '../../support/aws/allowed.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { pushedSpec } from '../../support/github-world.ts';

const realNow = Date.now;
let world: AwsWorld;
let later = 0;
beforeEach(async () => {
  later = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + later);
  world = await createAwsWorld({ policy: { review: { approvers: ['lead', 'second'], plan: 'required' } } });
});
afterEach(async () => {
  await world.ecs.idle();
  await world.close();
  vi.restoreAllMocks();
});

const at = (gate: string) => (run: { state: string; status: string }) => run.status === 'waiting' && run.state === gate;
const bring = (task_id: string): Promise<number> =>
  world.github.mergePull({ [`.agent-tasks/${task_id}.yaml`]: pushedSpec(world.github, { task_id }) }, { by: 'dev-gh' });
const approvePlan = (number: number) => world.github.comment(number, 'lead-gh', '/drydock approve');
const votes = async (runId: string): Promise<string[]> =>
  (await world.runs.events(runId)).filter(({ type }) => type === 'vote').map(({ text }) => text);

test('an hour in which every delivery is refused: a review, a comment and a spec come back, and each counts once', async () => {
  const first = await bring('FIX-1');
  await world.until('FIX-1', at('PlanGate'));
  await approvePlan(first);
  const reviewed = await world.until('FIX-1', at('ReviewGate'));
  const second = await bring('FIX-2');
  const planned = await world.until('FIX-2', at('PlanGate'));

  world.api.throttled = true;
  const webhooks = (): number => world.invoked.filter((name) => name === 'webhook').length;
  const before = webhooks();
  await world.github.review(Number(reviewed.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: reviewed.commit ?? '' });
  await approvePlan(second);
  const spec = pushedSpec(world.github, { task_id: 'FIX-3' });
  await world.github.push({ '.agent-tasks/FIX-3.yaml': spec }, { by: 'dev-gh' });
  later += 3_600_000;
  await world.call('reconcile', {});
  // Specs are found on their branches; votes by their deliveries alone.
  expect(webhooks()).toBe(before);
  expect([await votes(reviewed.runId), await votes(planned.runId)]).toEqual([['lead: approve'], []]);

  world.api.throttled = false;
  later += 300_000;
  await world.call('reconcile', {});
  await world.until('FIX-1', ({ status }) => status === 'delivered');
  await world.until('FIX-2', at('ReviewGate'));
  await world.until('FIX-3', at('PlanGate'));
  const arrived = webhooks();
  expect(arrived).toBeGreaterThan(before);

  // What has arrived is not asked for again, and what comes twice all the same changes nothing.
  later += 300_000;
  const told = (await world.call('reconcile', {})) as { repeated: number };
  expect(told.repeated).toBe(0);
  for (const event of ['pull_request_review', 'issue_comment'])
    for (const delivery of world.github.delivered(event)) await world.github.send(delivery);
  expect([await votes(reviewed.runId), await votes(planned.runId)]).toEqual([
    ['lead: approve', 'lead: approve'],
    ['lead: approve'],
  ]);
  expect((await world.runs.list()).map(({ taskId }) => taskId).sort()).toEqual(['FIX-1', 'FIX-2', 'FIX-3']);
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
});
