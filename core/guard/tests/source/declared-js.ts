import { blocksAround, type Source } from './blocks.ts';
import { type Declared, withoutDeep } from './declared-test.ts';
import type { Token } from './tokens.ts';

const testWord = /^[xf]?(?:it|test|specify)$/;
const groupWord = /^[xf]?(?:describe|context|suite)$/;
/** Words behind a test's name in code that declare no test. */
const notATest = new Set(
  'describe before after beforeEach afterEach beforeAll afterAll use step extend set setTimeout info expect fn mock'.split(
    ' ',
  ),
);
const marking = new Set(['skip', 'todo', 'only', 'fails', 'failing', 'skipIf', 'runIf', 'fixme', 'fail']);
const onContext = /^(?:t|this|ctx|context|test|testContext)$/;

interface Call {
  test: boolean;
  /** Index of the word and of the bracket of its last call. */
  at: number;
  open: number;
  end: number;
  marks: string[];
}

export function declaredInJs(source: Source): Declared[] {
  const { tokens } = source;
  const groups: Call[] = [];
  const found: Declared[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const call = callAt(tokens, i);
    if (!call) continue;
    while (groups.length > 0 && (groups.at(-1) as Call).end <= i) groups.pop();
    if (!call.test) {
      if (groups.length < 64) groups.push(call);
      continue;
    }
    const name = nameOf(tokens, call.open);
    const around = found.at(-1);
    // `test.skip(…)` within a test skips that test.
    if (around && around.to > i && call.marks.length > 0 && !hasFunction(tokens, call))
      around.marks.push(...call.marks);
    if (name === undefined) continue;
    const marks = [...call.marks, ...optionsOf(tokens, call), ...groups.flatMap((group) => group.marks)];
    if (!hasMore(tokens, call)) marks.push('no body');
    marks.push(...conditionsAround(source, i));
    found.push({
      name,
      line: tokens[i]?.line ?? 1,
      from: i,
      body: call.open,
      to: call.end,
      marks,
    });
  }
  const kept = withoutDeep(found);
  for (const test of kept) test.marks.push(...marksInside(tokens, test));
  return kept;
}

/** `it(…)`, `it.skip(…)`, `it.each([…])(…)`, `t.test(…)`. */
function callAt(tokens: Token[], i: number): Call | undefined {
  const token = tokens[i] as Token;
  if (token.kind !== 'word') return undefined;
  const test = testWord.test(token.text);
  if (!test && !groupWord.test(token.text)) return undefined;
  const before = tokens[i - 1]?.text;
  if (before === '.' && !(token.text === 'test' && /^(?:t|ctx|QUnit)$/.test(tokens[i - 2]?.text ?? '')))
    return undefined;
  if (before === 'function' || before === 'new') return undefined;
  const marks = token.text.startsWith('x')
    ? ['skip']
    : /^f(?:it|test|specify|describe|context|suite)$/.test(token.text)
      ? ['only']
      : [];
  let [at, open, group] = [i + 1, -1, !test];
  for (;;) {
    const { text, pair, kind } = tokens[at] ?? { text: '', pair: -1, kind: 'mark' };
    if (text === '(' && pair > at) {
      open = at;
      at = pair + 1;
    } else if (text === '.' && tokens[at + 1]?.kind === 'word' && (open < 0 || tokens[at - 1]?.text === ')')) {
      const word = tokens[at + 1]?.text ?? '';
      if (open >= 0 && tokens[at + 1]?.first) break;
      if (marking.has(word)) marks.push(word === 'failing' ? 'fails' : word);
      else if (word === 'describe') group = true;
      else if (notATest.has(word) || open >= 0) return open >= 0 ? done() : undefined;
      at += 2;
    } else if (kind === 'text' && text.startsWith('"') && open < 0) at++;
    else break;
  }
  return open < 0 ? undefined : done();

  function done(): Call {
    return { test: !group, at: i, open, end: (tokens[open]?.pair ?? open) + 1, marks };
  }
}

/** The text of the first argument; undefined if there is none or it is the whole test. */
function nameOf(tokens: Token[], open: number): string | undefined {
  const end = tokens[open]?.pair ?? -1;
  const words: string[] = [];
  for (let i = open + 1; i < end && i < open + 60; i++) {
    const { text, up } = tokens[i] as Token;
    if (up === open && (text === ',' || text === '=>')) break;
    words.push(text);
  }
  const name = words.join(' ');
  return name === '' || /^(?:async )?(?:\(|function)/.test(name) ? undefined : name;
}

const hasMore = (tokens: Token[], { open, end }: Call): boolean => {
  for (let i = open + 1; i < end && i < open + 2_000; i++)
    if (tokens[i]?.text === ',' && tokens[i]?.up === open) return tokens[i + 1]?.text !== ')';
  return false;
};
const hasFunction = (tokens: Token[], { open, end }: Call): boolean => {
  for (let i = open + 1; i < end && i < open + 400; i++)
    if (tokens[i]?.up === open && (tokens[i]?.text === '=>' || tokens[i]?.text === 'function')) return true;
  return false;
};

/** `{ skip: 'why' }` beside the name. */
function optionsOf(tokens: Token[], { open, end }: Call): string[] {
  const marks: string[] = [];
  for (let i = open + 1; i < end && i < open + 400; i++) {
    const { up, text } = tokens[i] as Token;
    if (up !== open) continue;
    if (text === '=>' || text === 'function' || text === 'async') break;
    if (text !== '{' || tokens[i - 1]?.text === '=>') continue;
    const close = tokens[i]?.pair ?? -1;
    for (let at = i + 1; at < close; at++) {
      const key = (tokens[at] as Token).text.replaceAll('"', '');
      const value = tokens[at + 2]?.text;
      const set = tokens[at]?.up === i && tokens[at + 1]?.text === ':' && value !== 'false' && value !== 'undefined';
      if (set && /^(?:skip|todo|only|fails|fixme)$/.test(key)) marks.push(key);
    }
    i = Math.max(i, close);
  }
  return marks;
}

/** `if (…) it(…)`, and a function around tests that nothing calls. */
function conditionsAround(source: Source, at: number): string[] {
  const { tokens } = source;
  const before = tokens[at - 1];
  const bare = before?.text === ')' && before.pair > 0 && tokens[before.pair - 1]?.text === 'if';
  const marks = bare || before?.text === '&&' ? ['a condition'] : [];
  for (const block of blocksAround(source, at)) {
    if (block.kind === 'if') marks.push('a condition');
    const word = tokens[block.head - 1];
    if (block.kind === 'function' && tokens[block.head]?.kind === 'word' && word?.text === 'function')
      marks.push('inside of a function');
  }
  return marks;
}

/** `t.skip()` in the body. */
function marksInside(tokens: Token[], { body, to }: Declared): string[] {
  const marks: string[] = [];
  for (let i = body; i < to && i < body + 20_000; i++) {
    const { text, kind } = tokens[i] as Token;
    if (kind !== 'word' || tokens[i - 1]?.text !== '.' || tokens[i + 1]?.text !== '(') continue;
    if (
      /^(?:skip|todo|skipIf)$/.test(text) &&
      onContext.test(tokens[i - 2]?.text ?? '') &&
      !callAt(tokens, i - 2)?.test
    )
      marks.push(text);
  }
  return marks;
}
