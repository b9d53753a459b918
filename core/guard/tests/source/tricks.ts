import { blocksAround, type Source } from './blocks.ts';
import type { Token } from './tokens.ts';

/**
 * What a file of tests or settings does to the runner itself, so that no failure is reported: by what it says to a
 * person, with how often and where first.
 */
export type Tricks = Map<string, { count: number; line: number }>;

const assertionNames = /^(?:assert|expect|chai|should|Assertion|TestCase|AssertionError)$/;
const runnerNames = /^(?:it|test|describe|expect|assert|before|after)$/;

export function tricksIn(source: Source, inTest: (at: number) => boolean): Tricks {
  const found: Tricks = new Map();
  const add = (what: string, i: number): void => {
    const known = found.get(what);
    found.set(what, { count: (known?.count ?? 0) + 1, line: known?.line ?? source.tokens[i]?.line ?? 1 });
  };
  for (let i = 0; i < source.tokens.length; i++) {
    if (source.tokens[i]?.kind !== 'word') continue;
    const what =
      exitAt(source, i) ??
      (source.language === 'js' ? inJs(source.tokens, i) : undefined) ??
      (source.language === 'python' ? inPython(source, i, inTest) : undefined) ??
      (source.language === 'go' ? inGo(source, i) : undefined) ??
      (source.language === 'rust' ? inRust(source.tokens, i) : undefined);
    if (what !== undefined) add(what, i);
  }
  return found;
}

/** Calls that end the process as if all had passed, and what sets its exit code to that. */
function exitAt(source: Source, i: number): string | undefined {
  const { tokens, language } = source;
  const [word = '', mark = '', name = '', open = '', value = ''] = [0, 1, 2, 3, 4].map(
    (n) => tokens[i + n]?.text ?? '',
  );
  const ends = 'ends the process, so that failed tests are not reported';
  if (tokens[i - 1]?.text === '.' && word !== 'process') return undefined;
  switch (language) {
    case 'js':
      if (word !== 'process' || mark !== '.') return undefined;
      if (/^(?:exit|reallyExit)$/.test(name) && open === '(') return fails(tokens, i + 3) ? undefined : ends;
      return name === 'exitCode' && open === '=' && value === '0' ? 'sets the exit code to success' : undefined;
    case 'python':
      if (mark === '.' && open === '(' && /^(?:os _exit|sys exit|pytest exit)$/.test(`${word} ${name}`)) {
        const isError = word === 'sys' && isInFunction(source, i);
        return isMainGuard(tokens, i) || isError || fails(tokens, i + 3) ? undefined : ends;
      }
      if (/^(?:exit|quit)$/.test(word) && mark === '(' && tokens[i]?.first && !isInFunction(source, i))
        return fails(tokens, i + 1) ? undefined : ends;
      return word === 'raise' && mark === 'SystemExit' && !isInFunction(source, i) && !fails(tokens, i + 2)
        ? ends
        : undefined;
    case 'java': {
      const at = i + 1 + tokens.slice(i + 1, i + 9).findIndex(({ text }) => /^(?:exit|halt)$/.test(text));
      return /^(?:System|Runtime)$/.test(word) && at > i && !fails(tokens, at + 1) ? ends : undefined;
    }
    case 'go':
      return (word === 'os' || word === 'syscall') && name === 'Exit' && value === '0' ? ends : undefined;
    default:
      return word === 'process' && mark === '::' && name === 'exit' && !fails(tokens, i + 3) ? ends : undefined;
  }
}

/** `(1)` and the like: the run fails, whatever the tests said. */
const fails = (tokens: Token[], open: number): boolean =>
  tokens[open]?.text === '(' && /^[1-9]\d*$/.test(tokens[open + 1]?.text ?? '') && tokens[open + 2]?.text === ')';

/** There `SystemExit` is an error like others, unless a hook of pytest raises it. */
function isInFunction(source: Source, i: number): boolean {
  for (const { kind, head } of blocksAround(source, i))
    if (kind === 'function')
      return !/^(?:pytest_|setUpModule|tearDownModule)/.test(source.tokens[head + 1]?.text ?? '');
  return false;
}

/** `sys.exit(pytest.main())` and the like. */
const isMainGuard = (tokens: Token[], i: number): boolean =>
  tokens.slice(i + 4, i + 9).some(({ text }) => text === 'main');

function inJs(tokens: Token[], i: number): string | undefined {
  const [word, mark, name, then] = [0, 1, 2, 3].map((n) => tokens[i + n]?.text ?? '');
  if (tokens[i - 1]?.text === '.') return undefined;
  const replaces = 'replaces what tests assert with';
  if (assertionNames.test(word ?? '') && mark === '.' && then === '=') return replaces;
  if (word === 'expect' && mark === '.' && name === 'extend' && overridesMatcher(tokens, i + 3)) return replaces;
  if (/^(?:globalThis|global|window)$/.test(word ?? '') && mark === '.' && runnerNames.test(name ?? '') && then === '=')
    return replaces;
  if (
    /^(?:const|let|var|function)$/.test(word ?? '') &&
    /^(?:expect|assert)$/.test(mark ?? '') &&
    (name === '=' || name === '(') &&
    !/^(?:require|await|chai|import|\()$/.test(name === '(' ? '' : (then ?? ''))
  )
    return replaces;
  if (
    word === 'Assertion' &&
    tokens.slice(i, i + 6).some(({ text }) => text === 'prototype' || text === 'overwriteMethod')
  )
    return replaces;
  if (/^(?:jest|vi|this|mocha)$/.test(word ?? '') && /^(?:retryTimes|retries)$/.test(name ?? ''))
    return 'repeats failed tests until they pass';
  return undefined;
}

const matchers =
  /^(?:toBe|toEqual|toStrictEqual|toThrow|toContain|toMatch|toHaveLength|toMatchObject|toMatchSnapshot)$/;
const overridesMatcher = (tokens: Token[], open: number): boolean =>
  tokens
    .slice(open, Math.min(Math.max(open, tokens[open]?.pair ?? 0), open + 400))
    .some(({ text }) => matchers.test(text));

/** Hooks of pytest that decide which tests run or what their results are. */
function inPython(source: Source, i: number, inTest: (at: number) => boolean): string | undefined {
  const { tokens, blockAt } = source;
  const [word, mark, name, then] = [0, 1, 2, 3].map((n) => tokens[i + n]?.text ?? '');
  const hook = (): string => {
    for (const { kind, head } of blocksAround(source, i)) if (kind === 'function') return tokens[head + 1]?.text ?? '';
    return '';
  };
  if (/^collect_ignore/.test(word ?? '') && (mark === '=' || mark === '.' || mark === '+='))
    return 'keeps files from being collected';
  if (/^(?:exitstatus|testsfailed)$/.test(word ?? '') && mark === '=' && tokens[i - 1]?.text === '.')
    return 'changes the outcome of the run';
  if (word === 'outcome' && mark === '=' && tokens[i - 1]?.text === '.') return 'changes the outcome of tests';
  if (word === 'force_result' || (word === 'wasxfail' && mark === '=')) return 'changes the outcome of tests';
  if (
    word === 'def' &&
    /^pytest_(?:runtest_(?:makereport|call|protocol)|pyfunc_call|ignore_collect|report_teststatus|exception_interact|assertrepr_compare|sessionfinish_override)$/.test(
      mark ?? '',
    )
  )
    return `decides about tests in the hook ${mark}`;
  const skips =
    tokens[i + 1]?.text === '(' && /^(?:skip|xfail|skipTest)$/.test(word ?? '') && tokens[i - 1]?.text === '.';
  if ((skips || (word === 'SkipTest' && tokens[i - 1]?.text !== 'import')) && runsBeforeTests(source, i))
    return 'skips tests before they begin';
  if (
    word === 'def' &&
    mark === 'load_tests' &&
    !tokens.slice(i, i + 200).some(({ text }) => /^(?:addTests?|discover)$/.test(text))
  )
    return 'decides which tests are loaded';
  if (word === 'items' && hook() === 'pytest_collection_modifyitems') {
    if (mark === '[' || (mark === '.' && /^(?:clear|remove|pop)$/.test(name ?? '')))
      return 'leaves out collected tests';
  }
  if (
    word === 'add_marker' &&
    hook() === 'pytest_collection_modifyitems' &&
    tokens.slice(i, i + 12).some(({ text }) => /skip|xfail/.test(text))
  )
    return 'skips collected tests';
  if (/^(?:TestCase|builtins)$/.test(word ?? '') && mark === '.' && then === '=')
    return 'replaces what tests assert with';
  if (
    word === 'sys' &&
    mark === '.' &&
    name === 'modules' &&
    then === '[' &&
    !inTest(i) &&
    blockAt[i] === -1 &&
    /\]/.test(tokens[tokens[i + 3]?.pair ?? -1]?.text ?? '') &&
    tokens[(tokens[i + 3]?.pair ?? 0) + 1]?.text === '='
  )
    return 'replaces modules that tests import';
  return undefined;
}

/** Hooks, set-ups, and fixtures that no test has to name. */
function runsBeforeTests(source: Source, i: number): boolean {
  for (const { kind, head } of blocksAround(source, i))
    if (kind === 'function') {
      const before = source.tokens.slice(Math.max(0, head - 30), head);
      const fixture = before.slice(before.findLastIndex(({ text }) => text === '@'));
      return (
        /^(?:pytest_\w+|setUp\w*|setup_\w+|asyncSetUp)$/.test(source.tokens[head + 1]?.text ?? '') ||
        (fixture[0]?.text === '@' && fixture.some(({ text }) => text === 'autouse'))
      );
    }
  return false;
}

/** A macro in the place of an assertion. */
const inRust = (tokens: Token[], i: number): string | undefined =>
  tokens[i]?.text === 'macro_rules' && /^(?:assert|assert_eq|assert_ne|panic)$/.test(tokens[i + 2]?.text ?? '')
    ? 'replaces what tests assert with'
    : undefined;

/** A TestMain that does not run the tests. */
function inGo({ tokens }: Source, i: number): string | undefined {
  if (tokens[i]?.text !== 'func' || tokens[i + 1]?.text !== 'TestMain') return undefined;
  const open = (tokens[i + 2]?.pair ?? i) + 1;
  const end = tokens[open]?.pair ?? open;
  for (let at = open; at < end; at++) if (tokens[at]?.text === 'Run' && tokens[at - 1]?.text === '.') return undefined;
  return 'has a TestMain that runs no test';
}
