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
