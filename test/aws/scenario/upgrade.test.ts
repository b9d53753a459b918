/**
 * An upgrade while executions wait for people (AWS-REVIEW F17): they go on with the code they started with, and new ones with the
 * new code, whose payloads are others.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { stepNames } from '../../../pipeline/payloads.ts';
import { notAllowed } from '../../support/aws/allowed.ts';
import { type Machine, machineOf } from '../../support/aws/deployed.ts';
import { synthesizeHere } from '../../support/aws/template.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { pushedSpec } from '../../support/github-world.ts';

let world: AwsWorld;
let bundles: string;
beforeEach(async () => {
  world = await createAwsWorld({ policy: { review: { approvers: ['lead', 'second'], plan: 'required' } } });
  // Beside the others, where the functions find the SDK.
  bundles = mkdtempSync(join(dirname(inject('bundles')), 'drydock-next-'));
});
afterEach(async () => {
  await world.ecs.idle();
  await world.close();
  rmSync(bundles, { recursive: true, force: true });
});

/** Bundles of a release whose steps want a field in their payload that the release before does not know. */
function nextRelease(): string {
  cpSync(inject('bundles'), bundles, { recursive: true });
  for (const step of readdirSync(bundles).filter((name) => stepNames.some((known) => known === name))) {
    const file = join(bundles, step, 'index.mjs');
    if (!existsSync(file)) continue;
    renameSync(file, join(bundles, step, 'work.mjs'));
    const source = `import { handler as work } from './work.mjs';
export const handler = ({ release, ...payload }) => {
  if (release !== 2) throw Object.assign(new Error('release: expected 2'), { name: 'ZodError' });
  return work(payload);
};
`;
    writeFileSync(file, source);
  }
  return bundles;
}

/** What that release deploys: a definition that gives each step the field. */
function machineOfNext(folder: string): Machine {
  const machine = machineOf(synthesizeHere({ bundles: folder }).run);
  for (const state of Object.values(machine.definition.States)) {
    if (state.Type !== 'Task') continue;
    const { Payload } = state.Arguments as { Payload: Record<string, unknown> };
    Payload.release = 2;
  }
  return machine;
}

const at = (gate: string) => (run: { state: string; status: string }) => run.status === 'waiting' && run.state === gate;
const delivered = (run: { status: string }): boolean => run.status === 'delivered';
const bring = (task_id: string): Promise<number> =>
  world.github.mergePull({ [`.agent-tasks/${task_id}.yaml`]: pushedSpec(world.github, { task_id }) }, { by: 'dev-gh' });
const review = async (task: string): Promise<void> => {
  const run = await world.until(task, at('ReviewGate'));
  await world.github.review(Number(run.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: run.commit ?? '' });
};

test('executions that wait for a plan and for a review across an upgrade end with their code, new ones with the new', async () => {
  const first = await bring('FIX-1');
  await world.until('FIX-1', at('PlanGate'));
  await world.github.comment(first, 'lead-gh', '/drydock approve');
  await world.until('FIX-1', at('ReviewGate'));
  const second = await bring('FIX-2');
  await world.until('FIX-2', at('PlanGate'));

  const next = nextRelease();
  await world.deploy(next, machineOfNext(next));
  const third = await bring('FIX-3');

  await review('FIX-1');
  await world.until('FIX-1', delivered);
  await world.github.comment(second, 'lead-gh', '/drydock approve');
  await review('FIX-2');
  await world.until('FIX-2', delivered);
  await world.until('FIX-3', at('PlanGate'));
  await world.github.comment(third, 'lead-gh', '/drydock approve');
  await review('FIX-3');
  await world.until('FIX-3', delivered);
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
});

test('a rework of an execution from before the upgrade launches its phases as before', async () => {
  const number = await bring('FIX-1');
  await world.until('FIX-1', at('PlanGate'));
  await world.github.comment(number, 'lead-gh', '/drydock approve');
  const run = await world.until('FIX-1', at('ReviewGate'));
  const next = nextRelease();
  await world.deploy(next, machineOfNext(next));
  const earlier = world.ecs.tasks.length;
  await world.github.review(Number(run.pullRequest?.id), 'lead-gh', 'REQUEST_CHANGES', {
    commit: run.commit ?? '',
    body: 'Say why.',
  });
  await world.until('FIX-1', (now) => at('ReviewGate')(now) && now.commit !== run.commit);
  expect(world.ecs.tasks.length).toBe(earlier + 4);
  await review('FIX-1');
  await world.until('FIX-1', delivered);
});
