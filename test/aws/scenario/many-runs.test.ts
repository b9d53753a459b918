/** What the reconciler asks of each service when thousands of runs wait for people, and that it finds the one that is lost. */
import pLimit from 'p-limit';
import { afterEach, expect, test } from 'vitest';
import { castVote } from '../../../core/review/vote.ts';
import type { Gate, Vote } from '../../../core/run/gate.ts';
import type { RunRecord } from '../../../core/run/record.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { pushedSpec } from '../../support/github-world.ts';

let world: AwsWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const waiting = 5_000;
const hour = 3_600_000;
const idOf = (i: number): string => `r-${i.toString(16).padStart(40, '0')}`;

/** Newer runs that wait for a review as `like` does, since three hours; their executions wait for the tokens. */
async function seed({ runs, gates, operations }: AwsWorld, like: RunRecord, gate: Gate): Promise<void> {
  const limit = pLimit(40);
  const now = Date.now();
  await limit.map([...Array(waiting).keys()], async (i) => {
    const runId = idOf(i);
    const createdAt = new Date(now + i * 1_000).toISOString();
    const openedAt = new Date(now - 3 * hour + i).toISOString();
    const gateId = `${runId}.review.1`;
    await runs.create({ ...like, runId, taskId: `OLD-${i}`, gate: gateId, applied: [], createdAt, version: 1 });
    await gates.open({ ...gate, runId, gateId, taskId: `OLD-${i}`, openedAt });
  });
  const engine = operations['states:ListExecutions'];
  const names = [...Array(waiting).keys()].map(idOf);
  operations['states:ListExecutions'] = async (input) => {
    const from = Number(input.nextToken ?? 0);
    const to = from + Number(input.maxResults);
    const page = names
      .slice(from, to)
      .map((name) => ({ executionArn: name, stateMachineArn: 'm', name, status: 'RUNNING', startDate: 0 }));
    if (to < names.length) return { executions: page, nextToken: String(to) };
    const { executions } = (await engine?.({ ...input, nextToken: undefined })) as { executions: object[] };
    return { executions: [...page, ...executions] };
  };
}

test('F7 among 5,000 open runs one lost decision is found within one pass, with few requests to each service', {
  timeout: 300_000,
}, async () => {
  world = await createAwsWorld();
  const { aws, github, runs, gates, until, call } = world;
  await github.push({ '.agent-tasks/FIX-1.yaml': pushedSpec(github) }, { by: 'dev-gh' });
  const run = await until('FIX-1', ({ status, state }) => status === 'waiting' && state === 'ReviewGate');
  const gate = await gates.get(run.gate ?? '');
  if (!gate) throw new Error('no gate');
  await seed(world, run, gate);
  // The vote is stored, and whoever stored it died before anything else happened.
  const at = new Date().toISOString();
  const vote: Vote = { person: 'lead', choice: 'approve', text: '', head: gate.head, at, late: false };
  expect(await gates.vote(gate, vote, castVote(gate, vote))).toBe(true);
  const before = { aws: aws.calls.length, github: github.calls.length };

  const told = await call('reconcile', {});

  const asked = aws.calls.slice(before.aws).filter(({ principal }) => principal === 'reconcile');
  const count = (action: RegExp): number => asked.filter((one) => action.test(one.action)).length;
  expect(told).toMatchObject({ found: [], left: 0, unfinished: waiting + 1 });
  expect(told).not.toHaveProperty('failed');
  // The oldest wait is that of the oldest run, not of one among the newest.
  expect((told as { oldestWaitMs: number }).oldestWaitMs).toBeGreaterThanOrEqual(3 * hour);
  // It is older than all others, so that it is in no list of the newest.
  await expect.poll(async () => (await runs.get(run.runId))?.status, { timeout: 90_000 }).toBe('delivered');
  // Pages of 1,000 executions, and what the one suspect needs.
  expect(count(/^states:ListExecutions$/)).toBeLessThanOrEqual(waiting / 1_000 + 1);
  expect(count(/^states:/)).toBeLessThanOrEqual(waiting / 1_000 + 4);
  expect(count(/^ecs:/)).toBeLessThanOrEqual(4);
  // Two items of each record and one of its gate, a hundred at once; pages of 500 keys.
  expect(count(/^dynamodb:BatchGetItem$/)).toBeLessThanOrEqual((3 * waiting) / 100 + 2 * (waiting / 500 + 1));
  expect(count(/^dynamodb:(Query|GetItem)$/)).toBeLessThanOrEqual(waiting / 500 + 40);
  expect(asked.reduce((sum, { writeUnits = 0 }) => sum + writeUnits, 0)).toBeLessThanOrEqual(10);
  expect(count(/^(s3|kms|sqs|secretsmanager):/)).toBeLessThanOrEqual(25);
  // Nothing of it grows with the runs that wait.
  expect(github.calls.length - before.github).toBeLessThanOrEqual(40);
});
