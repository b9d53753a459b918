import type { CommandResult } from '../../core/run/phase.ts';
import { firstTests, testsAgain } from '../../core/run/test-report.ts';

/** What the tests of Verify say, in a clean sandbox. */
export interface TestSummary {
  /** Whether the test command passed. */
  ok: boolean;
  /** Tests that the runner counted; null if its output has no summary that Drydock understands. */
  total: number | null;
  failed: number;
  failing: string[];
  /** Tests at the base; null if they are not known. */
  base: number | null;
  /** Failed at first, and passed on the same tree. */
  flaky: boolean;
}

/** @param base Number of tests of the unchanged base. */
export function testSummary(commands: readonly CommandResult[], base: number | undefined): TestSummary | null {
  const first = commands.find(({ name }) => name === firstTests);
  const again = commands.find(({ name }) => name === testsAgain);
  const counts = again ?? first;
  if (!counts) return null;
  const { tests } = counts;
  return {
    ok: counts.exitCode === 0 && !counts.timedOut,
    total: tests?.total ?? null,
    failed: tests?.failed ?? 0,
    failing: tests?.failing ?? [],
    base: base ?? null,
    flaky: again !== undefined && again.exitCode === 0 && !again.timedOut,
  };
}

/** The result of the tests in a few words. `good` is absent before they ran. */
export function testWords(tests: TestSummary | null): { value: string; more: string; good?: boolean } {
  if (!tests) return { value: 'not run yet', more: '' };
  const { ok, total, failed, base, flaky } = tests;
  const compared = base === null || total === null ? undefined : total - base;
  const more = [
    ...(total === null ? ['the output has no sums'] : []),
    ...(compared === undefined
      ? []
      : [
          compared === 0
            ? 'as many as before'
            : compared > 0
              ? `${compared} more than the base has`
              : `${-compared} fewer than the base has`,
        ]),
    ...(flaky ? ['failed at first, then passed'] : []),
  ].join(' · ');
  if (total === null) return { value: ok ? 'pass' : 'fail', more, good: ok };
  const value = ok && failed === 0 ? `${total} of ${total} pass` : `${failed} of ${total} fail`;
  return { value, more, good: ok && (compared ?? 0) >= 0 };
}
