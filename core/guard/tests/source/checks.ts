import { type Block, blocksAround, endOfStatement, isDeferred, type Source, textOfTokens } from './blocks.ts';
import { strengthOf } from './strength.ts';
import type { Token } from './tokens.ts';

/** An assertion of a source. */
export interface Check {
  /** Index of its first token. */
  at: number;
  /** Comparable text. */
  text: string;
  /** From 0, which always holds, to 3, which asks for exactly one result. */
  strength: number;
  /** Its numbers and texts. */
  literals: string[];
  /** The same text without them. */
  form: string;
  /** The program waits for it, or hands it on. */
  awaited: boolean;
  /** It holds only if a condition does that is not a part of it. */
  conditional: boolean;
}

/** Names of functions that assert by convention, whatever they are called on. */
const asserting =
  /^(?:assert|expect|verify|ensure|should|must|require)(?:[A-Z_]\w*)?$|^(?:assert|expect|verify|check|require)[A-Z_]\w*$/;
/** What the context of AVA, tap and node:test has beside assertions. */
const notAsserting = new Set(
  'plan test end log skip todo timeout teardown context mock diagnostic comment before after beforeEach afterEach runOnly waitFor setTimeout signal autoend bailout name title snapshotFile'.split(
    ' ',
  ),
);
const failuresOfGo = new Set('Error Errorf Fatal Fatalf Fail FailNow'.split(' '));
const macros = /^(?:debug_|prop_)?assert(?:_\w+)?$|^(?:panic|unreachable|insta)$|^assert_\w+$/;

/** All assertions of a source, in order. `helpers` are functions of the change's tests that assert, with how often. */
export function checksOf(source: Source, helpers: ReadonlyMap<string, number> = new Map()): Check[] {
  const found: Check[] = [];
  let behind = 0;
  for (let i = 0; i < source.tokens.length; i++) {
    const token = source.tokens[i] as Token;
    if (token.kind !== 'word' || i < behind) continue;
    const end = helpers.has(token.text) ? undefined : endOfCheck(source, i);
    if (end === undefined) {
      const times = isCall(source, i) ? (helpers.get(token.text) ?? 0) : 0;
      for (let n = 0; n < times; n++)
        found.push(checkAt(source, i, source.tokens[i + 1]?.text === '(' ? callEnd(source, i + 1) : i + 1, 3));
      continue;
    }
    const [from, to] = ownRange(source, i, end);
    found.push(checkAt(source, i, to, strengthOf(source.tokens, from, to, source.language), from));
    behind = end;
  }
  return found;
}

/** A call, or a function that is handed on, but not the declaration of one. */
function isCall({ tokens, language }: Source, i: number): boolean {
  const [before, next] = [tokens[i - 1]?.text ?? '', tokens[i + 1]?.text ?? ''];
  if (next === '(') return !/^(?:function|def|func|fn|fun|void)$/.test(before);
  return language === 'js' && /^[,(]$/.test(before) && /^[,)]$/.test(next);
}

const callEnd = ({ tokens }: Source, open: number): number => {
  const pair = tokens[open]?.pair ?? -1;
  return pair > open ? pair + 1 : open + 1;
};

function checkAt(source: Source, at: number, to: number, strength: number, from = at): Check {
  const { tokens } = source;
  const own = tokens.slice(from, Math.min(to, from + 1_000));
  const before = tokens[at - 1]?.text ?? '';
  return {
    at,
    text: textOfTokens(tokens, from, to),
    strength,
    literals: own.filter(({ kind }) => kind === 'number' || kind === 'text').map(({ text }) => text),
    form: formOf(own),
    awaited: before === 'await' || (isPromised(own) && /^(?:return|=>|[([,:=?]|&&)$/.test(before)),
    conditional: isConditional(source, at, from),
  };
}

/** The text without its numbers and texts; a sign belongs to its number. */
const formOf = (tokens: Token[]): string =>
  tokens
    .filter(({ text }, i) => !(text === '-' && tokens[i + 1]?.kind === 'number' && tokens[i - 1]?.kind === 'mark'))
    .map(({ kind, text }) => (kind === 'number' || kind === 'text' ? '·' : text))
    .join(' ');

const isPromised = (tokens: Token[]): boolean => tokens.some(({ text }) => text === 'resolves' || text === 'rejects');

/** Index behind the assertion that begins here; undefined if none does. */
function endOfCheck(source: Source, i: number): number | undefined {
  const { tokens, language } = source;
  const [{ text }, next, before] = [tokens[i] as Token, tokens[i + 1]?.text, tokens[i - 1]?.text];
  switch (language) {
    case 'python':
      if (text === 'assert' && next !== '(' && before !== '.') return endOfStatement(tokens, i, tokens.length);
      if (text === 'assert' && next === '(' && tokens[i]?.first) return endOfStatement(tokens, i, tokens.length);
      if (next !== '(' || before === 'def') return undefined;
      return /^(?:assert\w*|raises|warns|fail|failUnless\w*)$/.test(text) ? callEnd(source, i + 1) : undefined;
    case 'go':
      if (before === '.' && failuresOfGo.has(text) && next === '(' && /^\w{1,3}$/.test(tokens[i - 2]?.text ?? ''))
        return callEnd(source, i + 1);
      if ((text === 'require' || text === 'assert') && next === '.' && tokens[i + 3]?.text === '(')
        return callEnd(source, i + 3);
      return undefined;
    case 'rust':
      return macros.test(text) && next === '!' ? callEnd(source, i + 2) : undefined;
    case 'java':
      if (before === '@' && text === 'Test' && next === '(') {
        const end = callEnd(source, i + 1);
        return tokens.slice(i, Math.min(end, i + 50)).some((each) => each.text === 'expected') ? end : undefined;
      }
      if (next !== '(' || before === 'void' || !/^(?:assert\w*|fail|verify\w*|expect\w*|should\w*|then)$/.test(text))
        return undefined;
      return chainEnd(source, i);
    default:
      if (before === '.' || before === 'function') {
        const ofContext =
          text === 'assert' && next === '.' && /^(?:t|ctx|context|sinon)$/.test(tokens[i - 2]?.text ?? '');
        if (text === 'should' || text === 'expect' || ofContext) return chainEnd(source, i);
        const ofT = before === '.' && next === '(' && tokens[i - 2]?.text === 't' && tokens[i - 3]?.text !== '.';
        return ofT && !notAsserting.has(text) ? callEnd(source, i + 1) : undefined;
      }
      if (/^(?:expect|assert|should|expectTypeOf|assertType)$/.test(text) && (next === '(' || next === '.'))
        return chainEnd(source, i);
      return asserting.test(text) && text !== 'require' && next === '(' && tokens[callEnd(source, i + 1)]?.text !== '{'
        ? chainEnd(source, i)
        : undefined;
  }
}

/** Index behind `name(…).name(…)…`. */
function chainEnd({ tokens }: Source, i: number): number {
  let end = i + 1;
  for (;;) {
    const { text, pair } = tokens[end] ?? { text: '', pair: -1 };
    if ((text === '(' || text === '[') && pair > end) end = pair + 1;
    else if (text === '.' && tokens[end + 1]?.kind === 'word') end += 2;
    else return end;
  }
}

/** What an assertion of Go asks is the condition around it; other assertions ask for themselves. */
function ownRange(source: Source, i: number, end: number): [from: number, to: number] {
  const { blocks, blockAt, language } = source;
  const around = language === 'go' ? blocks[blockAt[i] ?? -1] : undefined;
  const failure = failuresOfGo.has(source.tokens[i]?.text ?? '');
  return around?.kind === 'if' && failure ? [around.head, around.open] : [i, end];
}

function isConditional(source: Source, at: number, from: number): boolean {
  const { tokens } = source;
  const before = tokens[at - 1];
  if (before?.text === '&&' || before?.text === '||') return true;
  if (/^(?:=>|->)$/.test(before?.text ?? '') && isDeferred(source, at - 1, at)) return true;
  if (before?.text === ')' && before.pair > 0 && tokens[before.pair - 1]?.text === 'if') return true;
  for (const block of blocksAround(source, at)) {
    if (block.kind === 'function') return isUncalled(source, block) || isDeferred(source, block.head, block.end);
    if (block.kind === 'class') return false;
    if (block.kind === 'if' && block.head !== from) return true;
  }
  return false;
}

/** A function of Python within another one that nothing in it names. */
function isUncalled({ tokens, blocks, language }: Source, { head, parent }: Block): boolean {
  const outer = blocks[parent];
  if (language !== 'python' || outer?.kind !== 'function') return false;
  const name = tokens[tokens[head]?.text === 'async' ? head + 2 : head + 1]?.text;
  let named = 0;
  for (let i = outer.head; i < outer.end && i < outer.head + 5_000; i++) if (tokens[i]?.text === name) named++;
  return named < 2;
}

/** Functions beside the tests that assert, with the number of their assertions. */
export function helpersOf(source: Source, checks: Check[], isTest: (at: number) => boolean): Map<string, number> {
  const helpers = new Map<string, number>();
  for (const { at } of checks) {
    if (isTest(at)) continue;
    const name = functionAround(source, at);
    if (name !== undefined) helpers.set(name, (helpers.get(name) ?? 0) + 1);
  }
  return helpers;
}

/** The name of the function that a token is in. */
function functionAround(source: Source, at: number): string | undefined {
  for (const block of blocksAround(source, at)) if (block.kind === 'function') return nameOf(source, block);
  // An arrow function without braces.
  const { tokens } = source;
  for (let i = at - 1; i > at - 40 && i >= 0; i--) if (tokens[i]?.text === '=>') return assignedTo(tokens, i);
  return undefined;
}

/** The innermost function with a name that a token is in. */
export function helperAround(source: Source, at: number): { name: string; block: Block } | undefined {
  for (const block of blocksAround(source, at)) {
    if (block.kind !== 'function') continue;
    const name = nameOf(source, block);
    return name === undefined ? undefined : { name, block };
  }
  return undefined;
}

function nameOf({ tokens }: Source, { head, open }: Block): string | undefined {
  for (let i = head; i < open && i < head + 8; i++)
    if (/^(?:def|fn|func|fun|function)$/.test(tokens[i]?.text ?? '')) return firstName(tokens, i + 1, open);
  if (tokens[head]?.text === '=>') return assignedTo(tokens, head);
  const word = tokens[head];
  if (word?.text === 'function') return assignedTo(tokens, head);
  if (tokens[head - 1]?.text === 'function') return word?.text;
  return word?.kind === 'word' && tokens[head + 1]?.text === '(' ? word.text : undefined;
}

/** The first name before a bracket; methods of Go have their receiver before it. */
function firstName(tokens: Token[], from: number, to: number): string | undefined {
  for (let i = from; i < to; i++) {
    if (tokens[i]?.kind === 'word') return tokens[i]?.text;
    if (tokens[i]?.text === '(' && (tokens[i]?.pair ?? -1) > i) i = tokens[i]?.pair ?? i;
  }
  return undefined;
}

/** `name = … =>` → name. */
function assignedTo(tokens: Token[], arrow: number): string | undefined {
  for (let i = arrow - 1; i >= 0 && i > arrow - 60; i--) {
    const { text, pair } = tokens[i] as Token;
    if (text === '=' && tokens[i - 1]?.kind === 'word') return tokens[i - 1]?.text;
    if (text === ')' && pair >= 0) i = pair;
    else if (text === '(' && tokens[i - 1]?.kind === 'word') i--;
    else if (text === ',' || text === '(' || text === ';' || text === '{' || text === '}') return undefined;
  }
  return undefined;
}

/** Index of the first of sorted checks that does not begin before a token. */
export function firstFrom(checks: Check[], at: number): number {
  let [low, high] = [0, checks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((checks[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
