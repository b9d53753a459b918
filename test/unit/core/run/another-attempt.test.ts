import { describe, expect, test } from 'vitest';
import { type ErrorName, errorKinds } from '../../../../core/errors.ts';
import { anotherAttempt, type Today } from '../../../../core/run/another-attempt.ts';
import { finalStatuses, type RunStatus, unfinishedStatuses } from '../../../../core/run/status.ts';

const today: Today = { policyDigest: 'p', base: 'b' };
const run = (status: RunStatus, error?: ErrorName) => ({
  status,
  agent: 'careful',
  policyDigest: 'p',
  base: 'b',
  targetBranch: 'main',
  ...(error === undefined ? {} : { error: { name: error, message: '', remedy: '' } }),
});

describe('a spec that is given again', () => {
  test.each([...unfinishedStatuses, ...finalStatuses])('is not run again where nothing has changed: %s', (status) => {
    const error = status === 'failed' ? 'VerifyFailed' : undefined;
    expect(anotherAttempt(run(status, error), today)).toBe(
      status === 'over-budget' ? 'exceeded the budget' : undefined,
    );
  });

  test('is run again after what the machine lacked, and after what may pass; after nothing else', () => {
    const names = Object.keys(errorKinds) as ErrorName[];
    for (const name of names) {
      const { exit, retry } = errorKinds[name];
      const again = exit === 4 || retry === 'transient';
      expect(anotherAttempt(run('failed', name), today), name).toBe(again ? `ended as ${name}` : undefined);
    }
  });

  test.each<[string, RunStatus, Partial<Today>, string | undefined]>([
    ['another policy', 'failed', { policyDigest: 'q' }, 'failed, and the policy has changed since'],
    ['another base', 'failed', { base: 'c' }, 'failed, and main has moved since'],
    ['a person said no, and the base moved', 'rejected', { base: 'c', policyDigest: 'q' }, undefined],
    ['a person stopped it, and the base moved', 'cancelled', { base: 'c', policyDigest: 'q' }, undefined],
    ['it was delivered, and the base moved', 'delivered', { base: 'c', policyDigest: 'q' }, undefined],
    ['the agent it ran with', 'delivered', { agent: 'careful' }, undefined],
    ['another agent', 'delivered', { agent: 'x' }, 'ran with the agent careful, and x was requested'],
    ['another agent of a run under way', 'waiting', { agent: 'x' }, undefined],
  ])('%s', (_what, status, change, expected) => {
    const error = status === 'failed' ? 'VerifyFailed' : undefined;
    expect(anotherAttempt(run(status, error), { ...today, ...change })).toBe(expected);
  });
});
