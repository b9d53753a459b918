/** `npm run simulate`: the day of a deployment in seconds, and what it says when something is lost. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readLimits } from '../../../scripts/simulate/limits.ts';
import type { Report } from '../../../scripts/simulate/report.ts';

const root = resolve(import.meta.dirname, '../../..');
const small = ['--tasks-per-day', '50', '--hours', '5', '--concurrent', '4', '--seed', '7'];

async function simulate(...flags: string[]): Promise<{ code: number; stdout: string }> {
  const program = join(root, 'scripts/simulate/index.ts');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...small, ...flags]);
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, stdout };
  }
}
const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);

test('a small day, of which a fifth of the events is lost: every task ends or is open with a reason, and a seed repeats it', {
  timeout: 240_000,
}, async () => {
  const [one, again] = await Promise.all([simulate('--lost', '0.2', '--json'), simulate('--lost', '0.2', '--json')]);
  expect(one.code).toBe(0);
  const report = JSON.parse(one.stdout) as Report;
  const { submitted, outcomes, open, lost, repairs, reconciler, limits } = report;
  expect([submitted, lost]).toEqual([10, []]);
  expect(sum(outcomes) + sum(open)).toBe(submitted);
  expect(outcomes.delivered).toBeGreaterThan(submitted / 2);
  // What was lost was found within two passes of the reconciler, or ten minutes where an execution never started.
  expect(repairs.lostEvents).toBeGreaterThan(5);
  expect(repairs).toMatchObject({ unrepaired: 0 });
  expect(repairs.oldestUnrepairedMs).toBeLessThanOrEqual(16 * 60_000);
  expect(reconciler).toMatchObject({ failed: 0, left: 0 });
  // Each limit is in the report, and none is reached by so few tasks.
  expect(limits.map(({ name }) => name).sort()).toEqual(Object.keys(readLimits()).sort());
  expect(limits.filter(({ share }) => share >= 1)).toEqual([]);
  expect(JSON.parse(again.stdout)).toMatchObject({ submitted, outcomes, open, repairs });
});

test.each([
  ['a token that nobody waits for', ['--damage', '1'], /lost: 1: r-[0-9a-f]{40}/],
  ['no reconciler', ['--no-reconciler', '--lost', '0.3'], /lost: \d+: r-[0-9a-f]{40}/],
])('%s loses a task: it says which, and exits with 1', { timeout: 240_000 }, async (_, flags, said) => {
  const { code, stdout } = await simulate(...flags);
  expect(stdout).toMatch(said);
  expect(code).toBe(1);
});
