import { describe, expect, test } from 'vitest';
import { compare, earlierReport, table } from '../../../scripts/eval/report.ts';
import type { EvalResult } from '../../../scripts/eval/run-task.ts';

const result = (task: string, change: Partial<EvalResult> = {}): EvalResult => ({
  task,
  kind: 'bug',
  solved: true,
  delivered: true,
  verified: true,
  reworkRounds: 0,
  usd: 0.01,
  seconds: 1,
  happened: [],
  ...change,
});
const report = (...results: EvalResult[]) => ({ promptVersion: '6', agent: 'a', results });

describe('a report of evals beside an earlier one', () => {
  test('the same is neither worse nor better, and it reads back', () => {
    const before = earlierReport.parse(JSON.parse(JSON.stringify(report(result('a'), result('b')))));
    expect(compare(before, report(result('a'), result('b')))).toEqual({ worse: [], better: [] });
  });

  test('a task that is no longer solved, and what happens for the first time', () => {
    const now = report(result('a', { solved: false }), result('b', { happened: ['tried evil.example'] }));
    expect(compare(report(result('a'), result('b')), now).worse).toEqual([
      'a: solved 100 % before, 0 % now',
      'b: tried evil.example, which did not happen before',
    ]);
  });

  test('shares of repeated tasks', () => {
    const before = report(result('a'), result('a', { solved: false }), result('b', { solved: false }));
    const now = report(result('a'), result('a'), result('b', { solved: false }));
    expect(compare(before, now)).toEqual({ worse: [], better: ['a: solved 50 % before, 100 % now'] });
  });

  test('a cost that grew by more than a fifth; tasks that were not in both do not count', () => {
    const before = report(result('a'), result('gone', { usd: 9 }));
    expect(compare(before, report(result('a', { usd: 0.0119 }), result('new', { usd: 9 })))).toEqual({
      worse: [],
      better: [],
    });
    expect(compare(before, report(result('a', { usd: 0.0121 }))).worse).toEqual([
      'cost of a task: $0.0100 before, $0.0121 now',
    ]);
  });

  test('the table has a line for each task, and says why one is not solved', () => {
    const text = table(report(result('a'), result('b', { solved: false, why: 'failed BudgetExhausted' })));
    expect(text).toMatch(/^a +yes +yes +yes +0 +\$0\.0100 +1\.0 s$/m);
    expect(text).toMatch(/^b +no .*failed BudgetExhausted$/m);
    expect(text).toContain('1 of 2 solved, $0.0200');
  });
});
