import { readSource, type Source, textOfTokens } from './blocks.ts';
import { type Check, checksOf, firstFrom, helperAround, helpersOf } from './checks.ts';
import { declaredIn } from './declared.ts';
import type { Declared } from './declared-test.ts';
import { isExcludedByTag, isLeftOut, languageOf } from './language.ts';
import { mocksOfSubject } from './mocks.ts';
import { rowsBeside, rowsOf } from './rows.ts';
import { leavesEarly, swallowsIn } from './swallowed.ts';
import { type Tricks, tricksIn } from './tricks.ts';

/** What a test does, so that two versions of it can be compared. */
export interface TestFacts extends Declared {
  path: string;
  checks: Check[];
  /** Rows of its tables. */
  rows: number;
  /** Places where a failed assertion is caught. */
  swallowed: number;
  /** It may end before its last assertion. */
  leavesEarly: boolean;
  /** Comparable text of its body. */
  text: string;
}

/** What a file of tests does. */
export interface FileFacts {
  path: string;
  tests: TestFacts[];
  /** What it does to the runner. */
  tricks: Tricks;
  /** What it replaces of the code that it tests. */
  mocks: string[];
  /** Rows of tables that are not in a test. */
  rows: number;
  /** Functions beside the tests that assert. */
  helpers: TestFacts[];
  /** Comparable text of what is not in a test. */
  beside: string;
  /** Texts and numbers, with how often they occur. */
  literals: Map<string, number>;
}

/** Functions of one file that are compared, each with all that it holds. */
const maxHelpers = 200;

interface Read {
  path: string;
  source: Source;
  tests: Declared[];
  inTest: (at: number) => boolean;
}

/** The facts of all files of one side of a change. */
export function factsOf(files: { path: string; text: string }[]): FileFacts[] {
  const read = files.flatMap(({ path, text }): Read[] => {
    const language = languageOf(path);
    if (language === undefined || text === '') return [];
    const source = readSource(text, language);
    const unseen = isLeftOut(path) || (language === 'go' && isExcludedByTag(text));
    const tests = unseen ? [] : declaredIn(source);
    return [{ path, source, tests, inTest: rangesOf(tests, source.tokens.length) }];
  });
  const helpers = new Map<string, number>();
  for (const { source, inTest } of read)
    for (const [name, times] of helpersOf(source, checksOf(source), inTest)) helpers.set(name, times);
  return read.map(({ path, source, tests, inTest }) => {
    const checks = checksOf(source, helpers);
    return {
      path,
      tests: withoutContainers(tests.map((test) => testFacts(path, source, test, checks))),
      tricks: tricksIn(source, inTest),
      mocks: mocksOfSubject(source, path, checks),
      rows: rowsBeside(source, inTest),
      helpers: helperFacts(path, source, checks, inTest),
      beside: besideOf(source, inTest),
      literals: literalsOf(source),
    };
  });
}

/** Tests that only hold other tests are groups. An assertion belongs to the innermost test. */
function withoutContainers(tests: TestFacts[]): TestFacts[] {
  return tests.filter((test, i) => {
    const inner: TestFacts[] = [];
    for (let at = i + 1; at < tests.length && (tests[at]?.from ?? 0) < test.to; at++)
      inner.push(tests[at] as TestFacts);
    if (inner.length === 0) return true;
    const ofInner = new Set(inner.flatMap(({ checks }) => checks));
    const own = test.checks.filter((check) => !ofInner.has(check));
    for (const each of inner) each.marks.push(...test.marks);
    test.checks = own;
    return own.length > 0;
  });
}

function testFacts(path: string, source: Source, test: Declared, all: Check[]): TestFacts {
  const checks = all.slice(firstFrom(all, test.from), firstFrom(all, test.to));
  if (test.marks.includes('should_panic')) checks.push(panicCheck(source, test));
  return {
    ...test,
    path,
    checks,
    rows: rowsOf(source, test, checks),
    swallowed: swallowsIn(source, test, checks),
    leavesEarly: leavesEarly(source, test, checks),
    text: textOfTokens(source.tokens, test.body + 1, test.to),
  };
}

/** Functions with assertions that are no tests, as far as they have a name. */
function helperFacts(path: string, source: Source, checks: Check[], inTest: (at: number) => boolean): TestFacts[] {
  const found = new Map<string, TestFacts>();
  for (const { at } of checks) {
    if (inTest(at)) continue;
    const of = helperAround(source, at);
    if (of === undefined || found.has(of.name) || found.size >= maxHelpers) continue;
    const { head, open, end } = of.block;
    const line = source.tokens[head]?.line ?? 1;
    found.set(
      of.name,
      testFacts(path, source, { name: of.name, line, from: head, body: open, to: end, marks: [] }, checks),
    );
  }
  return [...found.values()];
}

/** `#[should_panic(expected = "…")]` asserts, too. */
function panicCheck({ tokens }: Source, { from, body }: Declared): Check {
  const at = tokens.findIndex(({ text }, i) => i >= from && i < body && text === 'should_panic');
  const expected = tokens[at + 1]?.text === '(';
  const text = textOfTokens(tokens, at, expected ? (tokens[at + 1]?.pair ?? at) + 1 : at + 1);
  const literals = expected ? [tokens[at + 4]?.text ?? ''] : [];
  return { at, text, form: 'should_panic', literals, strength: expected ? 3 : 2, awaited: true, conditional: false };
}

function rangesOf(tests: Declared[], length: number): (at: number) => boolean {
  const inside = new Uint8Array(length);
  let filled = 0;
  for (const { from, to } of tests) {
    inside.fill(1, Math.max(from, filled), to);
    filled = Math.max(filled, to);
  }
  return (at) => inside[at] === 1;
}

function besideOf({ tokens }: Source, inTest: (at: number) => boolean): string {
  return tokens
    .filter((_, i) => !inTest(i))
    .map(({ text }) => text)
    .join(' ');
}

function literalsOf({ tokens }: Source): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, text } of tokens)
    if (kind === 'number' || kind === 'text') counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
