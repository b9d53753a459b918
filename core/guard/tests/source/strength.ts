import type { Language } from './language.ts';
import type { Token } from './tokens.ts';

/** Words of an assertion that hold for almost every result. */
const loose =
  /^(?:toBeDefined|toBeTruthy|toBeFalsy|toBeNull|toBeUndefined|toBeInstanceOf|toBeTypeOf|toBeVisible|toBeAttached|toBeInTheDocument|anything|any|exist|exists|ok|truthy|isDefined|isOk|is_ok|is_some|is_err|is_none|NotNil|NotEmpty|assertNotNull|isNotNull|assertIsNotNone|assertDoesNotThrow|doesNotThrow|isinstance|assertIsInstance|assert_called|toHaveBeenCalled|called|pass|hasattr|callable|notNull|is_empty|isEmpty)$/;
/** Words of an assertion that many results fulfil. */
const partial =
  /^(?:toContain|toContainEqual|toMatch|toMatchObject|partialDeepStrictEqual|toBeGreaterThan|toBeGreaterThanOrEqual|toBeLessThan|toBeLessThanOrEqual|toMatchSnapshot|toMatchInlineSnapshot|matchSnapshot|snapshot|stringContaining|objectContaining|arrayContaining|include|includes|contain|contains|match|above|below|least|most|startsWith|starts_with|ends_with|endsWith|Contains|assertIn|assertNotIn|assertGreater|assertGreaterEqual|assertLess|assertLessEqual|assertNotEqual|assertNotEquals|assert_ne|NotEqual|notEqual|notStrictEqual|greaterThan|lessThan|approx|assertRegex|hasSize|isNotEqualTo|isGreaterThan|isLessThan|isNotEmpty|doesNotContain|containsExactly\w*|AnyOf|not)$/;
/** Kinds of errors that every error is. */
const anyError = new Set(['Exception', 'BaseException', 'Throwable', 'Error', 'RuntimeException']);
const raising =
  /^(?:raises|assertRaises|assertRaisesRegex|assertThrows|assertThrowsExactly|expectThrows|toThrow|toThrowError|throws|rejects|should_panic|expected)$/;
const comparing = new Set(['==', '===', '!=', '!==', '<', '>', '<=', '>=', 'in', 'is', 'not']);

/** How much an assertion asks for, from its words: 0 nothing, 1 almost nothing, 2 a part, 3 one result. */
export function strengthOf(tokens: Token[], from: number, end: number, language: Language): number {
  const to = Math.min(end, from + 400);
  const own = tokens.slice(from, to);
  if (isAlwaysTrue(tokens, from, to, language)) return 0;
  // `.an('array')` of Chai asks for a kind only.
  const words = own
    .map(({ kind, text }, i) =>
      /^an?$/.test(text) && own[i - 1]?.text === '.' && own[i + 1]?.text === '(' ? 'any' : kind === 'word' ? text : '',
    )
    .filter((text) => text !== '');
  const raise = own.findIndex(({ text, kind }) => kind === 'word' && raising.test(text));
  if (raise >= 0) return raiseStrength(tokens, from + raise, language, words);
  if (language === 'python' && own[0]?.text === 'assert') return ofComparison(own.slice(1));
  if (language === 'go' && own[0]?.text === 'if') return ofCondition(own);
  if (words[0] === 'assert' || words[0] === 'assertTrue' || words[0] === 'assertFalse' || words[0] === 'debug_assert') {
    const inside = own.slice(own.findIndex(({ text }) => text === '(') + 1);
    if (words[1] !== undefined && own[1]?.text === '.') return byWords(words.slice(1));
    return ofComparison(inside);
  }
  if (language === 'java' && words[0] === 'assertEquals') {
    const args = argumentsOf(tokens, from + own.findIndex(({ text }) => text === '('));
    // A difference that does not matter.
    if (args.length === 3 && /^\d[\d._eEfFdD]*$/.test(args[2] ?? '')) return 2;
  }
  return byWords(words);
}

const byWords = (words: string[]): number =>
  words.some((word) => loose.test(word)) ? 1 : words.some((word) => partial.test(word)) ? 2 : 3;

function raiseStrength(tokens: Token[], at: number, language: Language, words: string[]): number {
  if (tokens[at]?.text === 'rejects' && tokens[at + 1]?.text === '.')
    return raising.test(tokens[at + 2]?.text ?? '') ? raiseStrength(tokens, at + 2, language, words) : byWords(words);
  const open = tokens[at + 1]?.text === '(' ? at + 1 : -1;
  const pair = tokens[open]?.pair ?? -1;
  if (tokens[at]?.text === 'expected') return anyError.has(tokens[at + 2]?.text ?? '') ? 1 : 3;
  if (pair < 0) return 2;
  const first = open + 1;
  if (anyError.has(tokens[first]?.text ?? '') && tokens[first + 1]?.text !== '(') {
    const more = language === 'python' && tokens.slice(first, pair).some(({ text }) => text === 'match');
    return more ? 2 : 1;
  }
  // A list of errors in which one is any.
  if (tokens[first]?.text === '(' && argumentsOf(tokens, first).some((each) => anyError.has(each))) return 1;
  if (/^(?:toThrow|toThrowError)$/.test(tokens[at]?.text ?? '')) return pair === first ? 2 : 3;
  if (/^(?:throws|rejects)$/.test(tokens[at]?.text ?? '')) return argumentsOf(tokens, open).length > 1 ? 3 : 2;
  return 3;
}

/** `a == b` asks for one result, `a > b` for some, `a` and `a is not None` for almost any. */
function ofComparison(own: Token[]): number {
  const level = own[0]?.up;
  const top = own.filter(({ up }) => up === level).map(({ text }) => text);
  const marks = top.filter((text) => comparing.has(text));
  if (marks.length === 0)
    return Math.min(2, byWords(own.filter(({ kind }) => kind === 'word').map(({ text }) => text)));
  if (top.join(' ').includes('is not None') || (marks[0] === '>=' && top.at(-1) === '0')) return 1;
  // A difference that is named may be any.
  if (own.some(({ text }, i) => /^(?:rel|abs|rel_tol|abs_tol|rtol|atol)$/.test(text) && own[i + 1]?.text === '='))
    return 2;
  if (marks.includes('==') || marks.includes('===') || (marks.includes('is') && !marks.includes('not'))) return 3;
  return 2;
}

/** A test of Go fails if the condition holds. */
function ofCondition(own: Token[]): number {
  const marks = own.map(({ text }) => text);
  if (marks.includes('!=') && marks.at(-1) !== 'nil') return 3;
  const compares = marks.includes('!=') || marks.includes('==') || marks.includes('Is');
  return compares && !marks.includes('nil') ? 3 : 2;
}

function isAlwaysTrue(tokens: Token[], from: number, to: number, language: Language): boolean {
  const own = tokens.slice(from, to);
  const [first, second] = own;
  // Of Go the condition is that of a failure.
  const [or, always] = language === 'go' && first?.text === 'if' ? ['&&', 'false'] : ['||', 'true'];
  if (own.some(({ text }, i) => text === or && [own[i - 1]?.text, own[i + 1]?.text].includes(always))) return true;
  if (language === 'python' && second?.text === 'lambda') return true;
  if (language === 'python' && first?.text === 'assert') {
    const top = own.slice(1).filter(({ up }) => up === first.up);
    if (isTrue(second) && (top.length === 1 || own[2]?.text === ',')) return true;
    // A pair is true, and so is whatever stands beside `or True`.
    if (second?.text === '(' && top.length === 2 && argumentsOf(tokens, from + 1).length > 1) return true;
    if (top.some(({ text }, i) => text === 'or' && isTrue(top[i + 1]))) return true;
    const equals = own.findIndex(({ text, up }) => text === '==' && up === first.up);
    return equals > 1 && textOf(own.slice(1, equals)) === textOf(own.slice(equals + 1));
  }
  if (language === 'go' && first?.text === 'if') return own.length === 2 && second?.text === 'false';
  const open = own.findIndex(({ text }) => text === '(');
  if (open < 0) return false;
  const args = argumentsOf(tokens, from + open).filter((text) => text !== 't' || language !== 'go');
  const after = (tokens[from + open]?.pair ?? -1) + 1;
  const isExpect = first?.text === 'expect' && tokens[after]?.text === '.';
  if (isExpect) {
    const last = lastArguments(tokens, after, to);
    if (last === undefined) return args.length === 1 && args[0] === 'true';
    return args.length === 1 && (last.length === 1 ? last[0] === args[0] : last.length === 0 && isConstant(args[0]));
  }
  if (args.length === 1) return isConstant(args[0]);
  return args.length > 1 && args[0] !== '' && args[0] === args[1];
}

const isTrue = (token: Token | undefined): boolean =>
  token?.text === 'True' || (token?.kind === 'number' && token.text !== '0') || token?.kind === 'text';
const isConstant = (text = ''): boolean => /^(?:true|True|\d+|".*")$/.test(text);
const textOf = (tokens: Token[]): string => tokens.map(({ text }) => text).join(' ');

/** The texts of the arguments of a call. */
export function argumentsOf(tokens: Token[], open: number): string[] {
  const end = tokens[open]?.pair ?? -1;
  const found: string[] = [];
  let words: string[] = [];
  for (let i = open + 1; i < end && i < open + 400; i++) {
    const { text, up } = tokens[i] as Token;
    if (text === ',' && up === open) {
      found.push(words.join(' '));
      words = [];
    } else words.push(text);
  }
  return words.length > 0 ? [...found, words.join(' ')] : found;
}

/** The arguments of the last call of a chain; undefined if it has none. */
function lastArguments(tokens: Token[], from: number, to: number): string[] | undefined {
  let last: string[] | undefined;
  for (let i = from; i < to; i++) {
    const { text, pair } = tokens[i] as Token;
    if (text !== '(' || pair < i) continue;
    last = argumentsOf(tokens, i);
    i = pair;
  }
  return last;
}
