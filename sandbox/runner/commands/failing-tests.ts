/**
 * Names of the failing tests in a test runner's output: TAP and node:test (`not ok 3 - name`, `✖ name (1.2ms)`), vitest
 * and jest (`× name`, `✕ name (3 ms)`), mocha (` 1) name`), pytest (`FAILED path::name`), go (`--- FAIL: Name`).
 */
const patterns: readonly RegExp[] = [
  /^\s*not ok \d+ (?:- )?(.+?)(?: # .*)?$/,
  /^\s*[✖✕×✗] (.+?)(?: \(?\d+(?:\.\d+)? ?m?s\)?)?$/,
  /^\s*FAILED (\S+::\S+)/,
  /^\s*--- FAIL: (\S+)/,
  /^\s{2,}\d+\) (.+?):?$/,
];
/** Headings with the format of a failing test. */
const headings = new Set(['failing tests:']);

/** @internal for its tests */
export function failingTests(output: string): Set<string> {
  const names = new Set<string>();
  for (const line of output.split('\n')) {
    for (const pattern of patterns) {
      const name = pattern.exec(line.trimEnd())?.[1]?.trim();
      if (name !== undefined && name !== '' && !headings.has(name)) names.add(name);
    }
  }
  return names;
}

type Judgement =
  | { kind: 'known' }
  /** Failing tests that the spec does not list; empty if the output contains no readable name. */
  | { kind: 'unknown'; tests: string[] };

/** Whether every failure is a listed test. A failure without a readable name is not. */
export function judgeFailures(output: string, known: readonly string[]): Judgement {
  const failing = failingTests(output);
  const tests = [...failing].filter((name) => !known.includes(name));
  return failing.size > 0 && tests.length === 0 ? { kind: 'known' } : { kind: 'unknown', tests };
}
