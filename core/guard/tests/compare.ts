import { type Matched, matchTests, type Pair } from './match.ts';
import type { Check } from './source/checks.ts';
import type { FileFacts, TestFacts } from './source/facts.ts';
import { isNamedForRunner } from './source/language.ts';

/** Something that makes the tests of a change weaker. */
export interface Finding {
  path: string;
  message: string;
  /** Refused until a person accepts it; otherwise only shown first. */
  refused: boolean;
}

/** Compares the tests of a change with those of the base, wherever they stand now. */
export function compareTests(before: FileFacts[], after: FileFacts[], sourceChanged: boolean): Finding[] {
  const [was, now] = [before.flatMap(({ tests }) => tests), after.flatMap(({ tests }) => tests)];
  const matched = matchTests(was, now);
  const goneTests = withoutMerged(matched, before, after);
  const gone = Map.groupBy(goneTests, ({ path }) => path);
  const findings: Finding[] = [...gone].map(([path, tests]) => ({
    path,
    message: `${goneTests.length} of ${was.length} tests in the changed files were removed: ${nameOf(tests[0])}${tests.length > 1 ? ' …' : ''}`,
    refused: true,
  }));
  const everywhere = countTexts(now.flatMap(({ checks }) => checks));
  for (const pair of matched.pairs) findings.push(...ofPair(pair, everywhere, sourceChanged));
  findings.push(...ofMarks(matched));
  return [
    ...findings,
    ...ofHelpers(before, after, everywhere),
    ...ofTables(before, after),
    ...tricksOf(before, after),
    ...mocksOf(before, after),
  ];
}

const nameOf = (test: TestFacts | undefined): string =>
  JSON.stringify((test?.name ?? '').replaceAll('"', '').slice(0, 100));

/** Functions that assert for several tests. What they asserted before may stand in the tests now. */
function ofHelpers(before: FileFacts[], after: FileFacts[], everywhere: Map<string, number>): Finding[] {
  const known = new Map(before.flatMap(({ helpers }) => helpers).map((helper) => [helper.name, helper]));
  return after.flatMap(({ path, helpers }) =>
    helpers.flatMap((helper): Finding[] => {
      const was = known.get(helper.name);
      if (!was) return [];
      // Changed results are looked at in the tests.
      const [what] = changesOf({ before: was, after: helper }, everywhere, true);
      return what === undefined
        ? []
        : [{ path, message: `line ${helper.line}: the function ${nameOf(helper)} ${what}`, refused: false }];
    }),
  );
}

/** Tables beside the tests, if their rows are not in the tests now. */
function ofTables(before: FileFacts[], after: FileFacts[]): Finding[] {
  const sum = (files: FileFacts[]): number =>
    files.reduce((n, { rows, tests }) => n + rows + tests.reduce((m, test) => m + test.rows, 0), 0);
  const known = new Map(before.map(({ path, rows }) => [path, rows]));
  if (sum(after) >= sum(before)) return [];
  return after.flatMap(({ path, rows }): Finding[] => {
    const fewer = (known.get(path) ?? 0) - rows;
    return fewer <= 0
      ? []
      : [{ path, message: `has ${fewer} rows fewer in the tables beside its tests`, refused: false }];
  });
}

const of = (test: TestFacts, what: string, refused: boolean): Finding => ({
  path: test.path,
  message: `line ${test.line}: the test ${nameOf(test)} ${what}`,
  refused,
});

function countTexts(checks: Check[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { text } of checks) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** Tests that became rows of a table or parts of another test are not gone. */
function withoutMerged({ pairs, gone, added }: Matched, before: FileFacts[], after: FileFacts[]): TestFacts[] {
  if (gone.length === 0) return gone;
  const surplus = new Map<string, number>();
  const count = (checks: Check[], by: number): void => {
    for (const { text } of checks) surplus.set(text, (surplus.get(text) ?? 0) + by);
  };
  for (const pair of pairs) {
    count(pair.after.checks, 1);
    count(pair.before.checks, -1);
  }
  for (const test of added) count(test.checks, 1);
  let rows = added.reduce((sum, test) => sum + Math.max(0, test.rows - 1), 0);
  for (const pair of pairs) rows += Math.max(0, pair.after.rows - pair.before.rows);
  const [had, has] = [sumLiterals(before), sumLiterals(after)];
  const kept = (test: TestFacts): boolean => {
    const literals = test.checks.flatMap((check) => check.literals);
    return literals.length > 0 && literals.every((each) => (has.get(each) ?? 0) >= Math.min(1, had.get(each) ?? 0));
  };
  return gone.filter((test) => {
    if (test.checks.length === 0) return true;
    if (test.checks.every(({ text }) => (surplus.get(text) ?? 0) > 0)) {
      count(test.checks, -1);
      return false;
    }
    if (rows > 0 && kept(test)) {
      rows--;
      return false;
    }
    return true;
  });
}

function sumLiterals(files: FileFacts[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const { literals } of files) for (const [text, count] of literals) sum.set(text, (sum.get(text) ?? 0) + count);
  return sum;
}

function ofPair(pair: Pair, everywhere: Map<string, number>, sourceChanged: boolean): Finding[] {
  const { before, after } = pair;
  if (newMarks(before.marks, after.marks).length > 0) return [];
  return changesOf(pair, everywhere, sourceChanged)
    .slice(0, 1)
    .map((what) => of(after, what, false));
}

/** What a test or function does less than before, the gravest first. */
function changesOf(pair: Pair, everywhere: Map<string, number>, sourceChanged: boolean): string[] {
  const { before, after } = pair;
  const said: string[] = [];
  if (after.rows < before.rows)
    said.push(`has ${before.rows - after.rows} ${before.rows - after.rows === 1 ? 'case' : 'cases'} fewer`);
  if (after.swallowed > before.swallowed) said.push('catches its failed assertions');
  if (after.leavesEarly && !before.leavesEarly) said.push('may end before its last assertion');
  said.push(...ofChecks(pair, everywhere, sourceChanged));
  return said;
}

/** Tests that do not run any more, and those that keep others from running. */
function ofMarks({ pairs, added }: Matched): Finding[] {
  const marked = [
    ...pairs.map(({ before, after }) => ({
      test: after,
      marks: [
        ...newMarks(before.marks, after.marks),
        ...(isNamedForRunner(before.path) && !isNamedForRunner(after.path) ? ['another kind of file name'] : []),
      ],
    })),
    ...added.map((test) => ({ test, marks: test.marks.filter((mark) => mark === 'only') })),
  ].filter(({ marks }) => marks.length > 0);
  return [...Map.groupBy(marked, ({ test }) => test.path)].map(([path, tests]) => {
    const which = tests
      .slice(0, 3)
      .map(({ test, marks }) => `line ${test.line} ${nameOf(test)} (${marks.join(', ').slice(0, 100)})`);
    const more = tests.length > 3 ? ' …' : '';
    return {
      path,
      message: `${tests.length} more tests are skipped or marked as the only ones to run: ${which.join(', ')}${more}`,
      refused: true,
    };
  });
}

function newMarks(before: string[], after: string[]): string[] {
  const left = [...before];
  return after.filter((mark) => {
    const at = left.indexOf(mark);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Words whose numbers say how exact a comparison is. */
const tolerance =
  /\b(?:toBeCloseTo|approx|places|delta|assertAlmostEqual|InDelta|InEpsilon|closeTo|isclose|allclose|assert_relative_eq|within)\b/;

function ofChecks({ before, after }: Pair, everywhere: Map<string, number>, sourceChanged: boolean): string[] {
  const [lost, won] = difference(before.checks, after.checks);
  const conditional = (checks: Check[]) => checks.filter((check) => check.conditional).length;
  const more = conditional(after.checks) - conditional(before.checks);
  if (more > 0 && after.checks.length < before.checks.length + more) return ['asserts only under a condition'];
  if (lost.length === 0) return [];
  // Assertions that went to another test are not lost.
  const own = countTexts(after.checks);
  const isElsewhere = (text: string): boolean => (everywhere.get(text) ?? 0) > (own.get(text) ?? 0);
  const missing = lost.filter(({ text }) => won.length > 0 || !isElsewhere(text));
  if (missing.length > won.length) {
    const fewer = missing.length - won.length;
    if (after.checks.length === 0) return ['asserts nothing any more'];
    const worth = (checks: Check[]) => checks.reduce((sum, { strength }) => sum + strength, 0);
    // One exact assertion may take the place of several weak ones.
    if (won.length === 0 || worth(won) < worth(missing) - fewer || won.some(({ strength }) => strength < 3))
      return [`has ${fewer} ${fewer === 1 ? 'assertion' : 'assertions'} fewer`];
  }
  const ranked = (checks: Check[]) => [...checks].sort((a, b) => b.strength - a.strength);
  const [old, now] = [ranked(missing), ranked(won)];
  for (const [i, check] of old.entries()) {
    const other = now[i];
    if (!other) break;
    if (other.strength === 0 && check.strength > 0) return ['has an assertion that always holds'];
    const keepsResult =
      other.strength === 2 &&
      /toMatchObject|objectContaining/.test(other.text) &&
      check.literals.every((each) => other.literals.includes(each));
    if (other.strength < check.strength && !keepsResult) return ['has a weaker assertion than before'];
  }
  return ofSameForm(missing, won, sourceChanged);
}

/** Assertions that differ in their numbers and texts only, or in whether somebody waits for them. */
function ofSameForm(lost: Check[], won: Check[], sourceChanged: boolean): string[] {
  const byForm = new Map(won.map((check) => [check.form, check]));
  for (const check of lost) {
    const other = byForm.get(check.form);
    if (!other || (check.strength === 0 && other.strength === 0)) continue;
    if (check.literals.join('\n') !== other.literals.join('\n')) {
      if (!sourceChanged) return ['expects another result, although no source file changed'];
      if (tolerance.test(check.form)) return ['compares less or more exactly than before'];
    } else if (check.awaited && !other.awaited) return ['does not wait for an assertion any more'];
  }
  return [];
}

/** Assertions that only one of two lists has. */
function difference(before: Check[], after: Check[]): [lost: Check[], won: Check[]] {
  const key = ({ text, awaited }: Check): string => `${text}\n${awaited}`;
  const left = new Map<string, number>();
  for (const check of after) left.set(key(check), (left.get(key(check)) ?? 0) + 1);
  const lost = before.filter((check) => {
    const count = left.get(key(check)) ?? 0;
    if (count > 0) left.set(key(check), count - 1);
    return count === 0;
  });
  const won = after.filter((check) => {
    const count = left.get(key(check)) ?? 0;
    if (count > 0) left.set(key(check), count - 1);
    return count > 0;
  });
  return [lost, won];
}

function tricksOf(before: FileFacts[], after: FileFacts[]): Finding[] {
  const known = new Map<string, number>();
  for (const { tricks } of before)
    for (const [what, { count }] of tricks) known.set(what, (known.get(what) ?? 0) + count);
  return after.flatMap(({ path, tricks }) =>
    [...tricks].flatMap(([what, { count, line }]): Finding[] => {
      const left = (known.get(what) ?? 0) - count;
      known.set(what, Math.max(0, left));
      return left < 0 ? [{ path, message: `line ${line}: ${what}`, refused: true }] : [];
    }),
  );
}

/** New mocks of tested code in files that had tests, or that all tests use. */
function mocksOf(before: FileFacts[], after: FileFacts[]): Finding[] {
  const known = new Map(before.map((file) => [file.path, new Set(file.mocks)]));
  return after.flatMap(({ path, mocks }): Finding[] => {
    const was = known.get(path);
    const mock = mocks.find((each) => was?.has(each) !== true);
    if (mock === undefined || !was) return [];
    return [{ path, message: `replaces ${mock.slice(0, 200)}, which it tests`, refused: false }];
  });
}
