import { type Block, blocksAround, endOfStatement, type Source, textOfTokens } from './blocks.ts';
import type { Declared } from './declared-test.ts';
import type { Token } from './tokens.ts';

const marking = /\b(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure|skip_if|flaky_skip)\b/;

export function declaredInPython(source: Source): Declared[] {
  const { tokens, blocks } = source;
  const decorators = decoratorsOf(tokens);
  const marksOf = (at: number): string[] =>
    (decorators.get(at) ?? []).flatMap(({ text }) => (marking.test(text) ? [marking.exec(text)?.[0] ?? ''] : []));
  const ofFile = marksOfModule(source);
  const found: Declared[] = [];
  for (const block of blocks) {
    if (block.kind !== 'function') continue;
    const at = tokens[block.head]?.text === 'async' ? block.head + 2 : block.head + 1;
    const name = tokens[at]?.text ?? '';
    if (!/^test/.test(name)) continue;
    const marks = [...marksOf(block.head), ...ofFile];
    let collected = true;
    for (const around of blocksAround(source, block.head)) {
      if (around.kind === 'class') {
        if (!isCollected(tokens, around)) collected = false;
        // A plain TestCase does not wait for it.
        if (tokens[block.head]?.text === 'async' && basesOf(tokens, around).some(({ text }) => text === 'TestCase'))
          marks.push('async in a TestCase');
        marks.push(...marksOf(around.head), ...marksOfClass(source, around));
      } else if (around.kind === 'function') collected = false;
      else if (around.kind === 'if' && tokens[around.head]?.text !== 'else') marks.push('a condition');
    }
    if (!collected) continue;
    const from = decorators.get(block.head)?.[0]?.at ?? block.head;
    found.push({
      name,
      line: tokens[from]?.line ?? 1,
      from,
      body: block.head,
      to: block.end,
      marks: [...marks, ...marksInside(source, block)],
    });
  }
  return withoutOverridden(source, found);
}

/** Lines that begin with `@`, by the index of what they decorate. */
function decoratorsOf(tokens: Token[]): Map<number, { at: number; text: string }[]> {
  const found = new Map<number, { at: number; text: string }[]>();
  let open: { at: number; text: string }[] = [];
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i] as Token;
    if (!token.first || token.up >= 0 || token.text === ')') {
      i++;
      continue;
    }
    if (token.text === '@') {
      const end = endOfStatement(tokens, i, tokens.length);
      open.push({ at: i, text: textOfTokens(tokens, i, end) });
      i = end;
      continue;
    }
    if (open.length > 0) found.set(i, open);
    open = [];
    i++;
  }
  return found;
}

/** pytest collects classes that are named `Test…`; unittest those of a base that this file may not show. */
function isCollected(tokens: Token[], { head }: Block): boolean {
  const name = tokens[head + 1]?.text ?? '';
  const bases = basesOf(tokens, { head });
  return name.startsWith('Test') || bases.some(({ kind, text }) => kind === 'word' && text !== 'object');
}

function basesOf(tokens: Token[], { head }: Pick<Block, 'head'>): Token[] {
  const open = head + 2;
  return tokens[open]?.text === '(' ? tokens.slice(open + 1, Math.max(open + 1, tokens[open]?.pair ?? 0)) : [];
}

/** Marks for all tests of a file: `pytestmark`, and skips when it is imported. */
function marksOfModule({ tokens, blockAt }: Source): string[] {
  const marks: string[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'word' || blockAt[i] !== -1 || token.up >= 0) continue;
    if (token.text === 'pytestmark' && marking.test(textOfTokens(tokens, i, endOfStatement(tokens, i, tokens.length))))
      marks.push('pytestmark');
    if (
      token.text === 'pytest' &&
      tokens[i + 1]?.text === '.' &&
      /^(?:skip|xfail|importorskip|exit)$/.test(tokens[i + 2]?.text ?? '')
    )
      marks.push('a skip on import');
    if (token.text === 'raise' && tokens.slice(i, i + 5).some(({ text }) => text === 'SkipTest'))
      marks.push('a skip on import');
    if (token.text === '__test__' && tokens[i + 2]?.text === 'False') marks.push('__test__');
  }
  return marks;
}

function marksOfClass({ tokens, blockAt }: Source, around: Block): string[] {
  const own = blockAt[around.head + 1];
  const marks: string[] = [];
  for (let i = around.head; i < around.end && i < around.head + 400; i++) {
    if (blockAt[i] !== own || !tokens[i]?.first) continue;
    if (tokens[i]?.text === '__test__' && tokens[i + 2]?.text === 'False') marks.push('__test__');
    if (
      tokens[i]?.text === 'pytestmark' &&
      marking.test(textOfTokens(tokens, i, endOfStatement(tokens, i, around.end)))
    )
      marks.push('pytestmark');
  }
  return marks;
}

/** `pytest.skip(…)`, `self.skipTest(…)` and `raise SkipTest` in the body. */
function marksInside(source: Source, { head, end }: Block): string[] {
  const { tokens } = source;
  const marks: string[] = [];
  for (let i = head; i < end; i++) {
    const { text, kind } = tokens[i] as Token;
    if (kind !== 'word') continue;
    const called = tokens[i + 1]?.text === '(' && tokens[i - 1]?.text === '.';
    if (
      called &&
      (text === 'skipTest' || (/^(?:skip|xfail|importorskip)$/.test(text) && tokens[i - 2]?.text === 'pytest'))
    )
      marks.push(text);
    // Nobody runs what a generator has.
    if (text === 'yield' && blocksAround(source, i).next().value?.head === head) marks.push('yield');
    if (text === 'SkipTest' && tokens[i - 1]?.text !== 'import') marks.push(text);
  }
  return marks;
}

/** A later function of the same name takes the place of an earlier one, and `del` takes one away. */
function withoutOverridden({ tokens, blockAt }: Source, found: Declared[]): Declared[] {
  const last = new Map(found.map((test) => [`${blockAt[test.from]} ${test.name}`, test]));
  for (const [i, { text, first }] of tokens.entries())
    if (text === 'del' && first) last.delete(`${blockAt[i]} ${tokens[i + 1]?.text}`);
  return found.filter((test) => last.get(`${blockAt[test.from]} ${test.name}`) === test);
}
