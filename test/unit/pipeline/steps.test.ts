import { describe, expect, test } from 'vitest';
import type { Gate } from '../../../core/run/gate.ts';
import type { RunRecord } from '../../../core/run/record.ts';
import { stepsOf } from '../../../pipeline/view/steps.ts';

const steps = (change: Record<string, unknown>) =>
  stepsOf(
    { status: 'delivered', state: 'Settle', durations: {}, base: 'b', work: {}, ...change } as unknown as RunRecord,
    [],
    { planRequired: true, ciGates: true },
    0,
  );
const said = (change: Record<string, unknown>): string[] => steps(change).map(({ name, is }) => `${name} ${is}`);
const parent = { runId: 'r-1', part: 'de' };

describe('the steps on a run’s page are those that the run has', () => {
  test.each([
    ['a draft', { kind: 'draft' }, ['Checked', 'Answer', 'Pull request', 'Ready']],
    ['a split, which publishes nothing', { kind: 'split' }, ['Checked', 'Answer', 'Ready']],
    ['a part, which has no pull request', { parent }, ['Checked', 'Plan', 'Build', 'Verify']],
  ])('%s', (_what, change, names) => expect(said(change)).toEqual(names.map((name) => `${name} done`)));

  test('the time of an answer counts', () => {
    expect(steps({ kind: 'draft', durations: { 'draft/1/1': 5, 'draft/2/1': 6 } })[1]).toMatchObject({
      ms: 11,
      rounds: 2,
    });
  });

  test.each([
    [
      'a refused draft',
      { kind: 'draft', status: 'rejected' },
      ['Checked done', 'Answer ended', 'Pull request ahead', 'Ready ahead'],
    ],
    [
      'a draft that asks',
      { kind: 'draft', status: 'waiting', state: 'AskHuman' },
      ['Checked done', 'Answer waits', 'Pull request ahead', 'Ready ahead'],
    ],
    [
      'a part whose build failed',
      { parent, status: 'failed', work: { plan: 'p' }, durations: { 'build/1/1': 1 } },
      ['Checked done', 'Plan done', 'Build ended', 'Verify ahead'],
    ],
    [
      'a part whose tests failed',
      { parent, status: 'failed', durations: { 'verify/1/1': 1 } },
      ['Checked done', 'Plan done', 'Build done', 'Verify ended'],
    ],
  ])('%s', (_what, change, expected) => expect(said(change)).toEqual(expected));

  test('a change that agents review is at a step', () => {
    expect(said({ status: 'running', state: 'Review' })).toContain('Verify now');
  });

  test('a decision that is open again waits since it was opened, for nobody who decided before', () => {
    const at = (second: number) => new Date(second * 1000).toISOString();
    const gates = [
      { kind: 'review', openedAt: at(0), decision: { outcome: 'revise', by: ['lead'], text: '', at: at(600) } },
      { kind: 'review', openedAt: at(700) },
    ] as Gate[];
    const record = { status: 'waiting', state: 'ReviewGate', durations: {}, work: {} } as unknown as RunRecord;
    const views = stepsOf(record, gates, { planRequired: true, ciGates: false }, 705_000);
    expect(views.find(({ name }) => name === 'Review')).toMatchObject({ by: [], waitedMs: 605_000, openMs: 5_000 });
  });
});
