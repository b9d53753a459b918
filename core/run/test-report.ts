import { z } from 'zod';

/** Names of failed tests that a report lists; with more, known failures do not apply. */
export const maxFailing = 100;

/**
 * What the summaries of the test runners in a command's output say. The change prints them itself, so they never make a
 * command pass: they only decide whether the failures of a command that failed are the known ones.
 */
export const testReport = z.strictObject({
  /** Tests that the runners count, skipped ones included. */
  total: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  /** Failures that are of no test: a file that does not load, a package that does not build, a hook. */
  errors: z.int().nonnegative(),
  /** Names of the failed tests. */
  failing: z.array(z.string().max(500)).max(maxFailing),
  /** Why the numbers cannot be relied on. */
  problem: z.string().max(500).optional(),
});
export type TestReport = z.infer<typeof testReport>;

/** A test command that did not exit with 0. */
interface FailedTests {
  exitCode: number | null;
  timedOut: boolean;
  tests?: TestReport | undefined;
}

/** Shells exit with 128 and the number of the signal that ended their program. */
const maxExitCode = 128;

/**
 * Why known failures do not explain a failed test command; undefined if they do: every failed test has a known name, the
 * runner's sums say that nothing else failed, and no test of the base is missing.
 * @param baseTotal Number of tests at the base; undefined if it is not known.
 */
export function notOnlyKnown(
  { exitCode, timedOut, tests }: FailedTests,
  known: readonly string[],
  baseTotal: number | undefined,
): string | undefined {
  if (known.length === 0) return 'there are no known failures';
  if (timedOut || exitCode === null || exitCode > maxExitCode) return 'the command did not end by itself';
  if (tests === undefined) return 'the output contains no summary of a test runner that Drydock understands';
  const others = tests.failing.filter((name) => !known.includes(name));
  if (others.length > 0) return `failing: ${others.join(', ')}`.slice(0, 1_000);
  if (tests.problem !== undefined) return tests.problem;
  if (tests.failing.length === 0) return 'the output names no failed test';
  if (tests.errors > 0) return `the test runner reports ${tests.errors} errors beside the failed tests`;
  if (baseTotal === undefined) return 'the number of tests at the base is not known';
  if (tests.total < baseTotal) return `only ${tests.total} of the ${baseTotal} tests of the base were reported`;
  return undefined;
}

/** Names of the test command in Verify, and of its second run on the same tree. */
export const firstTests = 'test';
export const testsAgain = 'test again';

/** A command of Verify. */
interface RanInVerify {
  name: string;
  exitCode: number | null;
  timedOut: boolean;
  altered?: string[] | undefined;
  output: string;
  tests?: TestReport | undefined;
}

/** The first run of a test command that failed and then passed on the same tree, as far as their exit codes say. */
export function flakyTests<T extends RanInVerify>(commands: readonly T[]): T | undefined {
  const first = commands.find(({ name }) => name === firstTests);
  const again = commands.find(({ name }) => name === testsAgain);
  const clean = again?.exitCode === 0 && !again.timedOut && (again.altered ?? []).length === 0;
  return clean && first !== undefined && !first.timedOut && (first.altered ?? []).length === 0 ? first : undefined;
}

/** What failed at first, for people. */
export function flakyText({ tests, output }: RanInVerify): string {
  const failing = tests?.failing ?? [];
  const what = failing.length > 0 ? failing.slice(0, 10).join(', ') : output.slice(-300).trim();
  return `The tests failed and then passed on the same tree: ${what}`;
}
