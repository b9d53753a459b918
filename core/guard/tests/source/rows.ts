import type { Source } from './blocks.ts';
import type { Check } from './checks.ts';
import type { Declared } from './declared-test.ts';
import type { Token } from './tokens.ts';

/** Names whose brackets hold the cases of a test. */
const table =
  /^(?:each|for|parametrize|CsvSource|ValueSource|EnumSource|MethodSource|case|values|test_case|named_data|data)$/;

/** Elements of the tables of a test: each is a case of its own. What an assertion expects is no table. */
export function rowsOf({ tokens, language }: Source, { from, to }: Declared, checks: Check[]): number {
  const checked = new Set(checks.map(({ at }) => at));
  let rows = 0;
  for (let i = from; i < to; i++) {
    const { text, kind, pair } = tokens[i] as Token;
    if (checked.has(i)) {
      i = endOfCall(tokens, i, to);
      continue;
    }
    if (kind === 'word' && table.test(text) && tokens[i - 1]?.text !== 'def') {
      // `case::name(…)` is a case with a name.
      const open = tokens[i + 1]?.text === '::' ? i + 3 : i + 1;
      const end = tokens[open]?.text === '(' ? (tokens[open]?.pair ?? -1) : -1;
      if (end > i) {
        rows += Math.max(1, mostElements(tokens, open, end));
        i = end;
      }
      continue;
    }
    if (kind === 'text' && language === 'js' && tokens[i - 1]?.text === 'each') rows += text.split('\n').length;
    const isList = text === '[' || (text === '{' && language !== 'js' && language !== 'rust');
    if (!isList || pair < i || isExpected(tokens, i)) continue;
    const lists = childLists(tokens, i);
    if (lists >= 2) {
      rows += lists;
      i = pair;
    } else if (lists === 1 && language === 'go' && isOnlyChild(tokens, i)) rows++;
  }
  return rows;
}

/** Lists of lists beside the tests, which tests may take as their cases. */
export function rowsBeside({ tokens, language }: Source, inTest: (at: number) => boolean): number {
  let rows = 0;
  for (let i = 0; i < tokens.length; i++) {
    const { text, pair } = tokens[i] as Token;
    const isList = text === '[' || (text === '{' && language !== 'js' && language !== 'rust');
    if (!isList || pair < i || inTest(i) || isExpected(tokens, i)) continue;
    const lists = childLists(tokens, i);
    if (lists < 2) continue;
    rows += lists;
    i = pair;
  }
  return rows;
}

/** `const expected = [` is no table, but what an assertion compares with. */
const isExpected = (tokens: Token[], open: number): boolean =>
  /^:?=$/.test(tokens[open - 1]?.text ?? '') && /expect|want|result|output/i.test(tokens[open - 2]?.text ?? '');

const isOnlyChild = (tokens: Token[], open: number): boolean =>
  tokens[open + 1]?.text === '{' && tokens[open - 1]?.text === '}';

function endOfCall(tokens: Token[], at: number, to: number): number {
  let end = at;
  for (let i = at + 1; i < to && i < at + 400; i++) {
    const { text, pair, kind } = tokens[i] as Token;
    if ((text === '(' || text === '[') && pair > i) {
      i = pair;
      end = pair;
    } else if (text !== '.' && kind !== 'word') break;
  }
  return end;
}

/** Elements of the largest list directly in a call, or its arguments if there is no list. */
function mostElements(tokens: Token[], open: number, end: number): number {
  let most = 0;
  let found = false;
  for (let i = open + 1; i < end; i++) {
    const { text, pair, up } = tokens[i] as Token;
    if (up !== open || !/^[[{(]$/.test(text) || pair < i) continue;
    if (text !== '(') {
      most = Math.max(most, elements(tokens, i));
      found = true;
    }
    i = pair;
  }
  return found ? most : elements(tokens, open);
}

function elements(tokens: Token[], open: number): number {
  const end = tokens[open]?.pair ?? open;
  let count = end > open + 1 ? 1 : 0;
  for (let i = open + 1; i < end; i++) {
    const { text, pair } = tokens[i] as Token;
    if (pair > i) i = pair;
    else if (text === ',' && i + 1 < end) count++;
  }
  return count;
}

/** Lists that are elements of a list, as `{"a", 1}` in `{{"a", 1}, {"b", 2}}`. */
function childLists(tokens: Token[], open: number): number {
  const end = tokens[open]?.pair ?? open;
  let count = 0;
  for (let i = open + 1; i < end; i++) {
    const { text, pair } = tokens[i] as Token;
    if (pair < i) continue;
    const before = tokens[i - 1]?.text ?? '';
    if (/^[[{(]$/.test(text) && (i === open + 1 || before === ',')) count++;
    i = pair;
  }
  return count;
}
