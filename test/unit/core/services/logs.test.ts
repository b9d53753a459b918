import { expect, test } from 'vitest';
import type { PhaseResult } from '../../../../core/run/phase.ts';
import { withServices } from '../../../../core/services/logs.ts';

const result = (change: Partial<PhaseResult> = {}): PhaseResult => ({
  phaseKey: 'k',
  outcome: 'failed',
  error: { name: 'BaselineRed', message: 'the tests failed' },
  changeSet: false,
  commands: [],
  services: [
    { name: 'db', command: 'pg@sha256:0', exitCode: null, ms: 5, output: '' },
    { name: 'cache', command: 'redis-server', exitCode: null, ms: 5, output: 'its own' },
  ],
  versions: {},
  timings: {},
  ...change,
});

test('what was seen from outside completes the log of that service, and says how it ended where the phase failed', () => {
  const done = withServices(result(), [{ name: 'db', exitCode: 137, output: 'last words', reason: 'It was killed.' }]);
  expect(done.error?.message).toBe('the tests failed\nThe service db ended with 137. It was killed.');
  expect(done.services).toMatchObject([
    { name: 'db', exitCode: 137, output: 'last words' },
    { name: 'cache', exitCode: null, output: 'its own' },
  ]);
});

test('one that ran until the end, or of a phase that did not fail, is only logged', () => {
  expect(withServices(result(), [{ name: 'db', exitCode: null, output: 'x' }]).error?.message).toBe('the tests failed');
  const { error, ...verified } = result({ outcome: 'verified' });
  expect(withServices(verified, [{ name: 'db', exitCode: 1 }])).toMatchObject({
    outcome: 'verified',
    services: [{ exitCode: 1 }, {}],
  });
});

test('a reason without an exit code is a message too; a service that the result does not have adds no log', () => {
  const done = withServices(result(), [{ name: 'other', exitCode: null, reason: 'CannotPullContainerError' }]);
  expect(done.error?.message).toContain('The service other ended. CannotPullContainerError');
  expect(done.services).toHaveLength(2);
});
