import { describe, expect, test } from 'vitest';
import { payloads, stepNames } from '../../../pipeline/payloads.ts';
import { steps } from '../../../pipeline/steps/index.ts';

const runId = `r-${'0'.repeat(40)}`;

describe('payloads', () => {
  test('every step has one, and every payload a step', () => {
    expect(Object.keys(steps).sort()).toEqual([...stepNames].sort());
  });

  test.each(stepNames)('%s refuses a run id that is none, and a field it does not know', (name) => {
    const { input } = payloads[name];
    expect(input.safeParse({ runId: '../../etc/passwd' }).success).toBe(false);
    expect(input.safeParse({ runId, extra: 1 }).success).toBe(false);
  });
});
