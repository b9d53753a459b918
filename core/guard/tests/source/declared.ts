import { blocksAround, type Source } from './blocks.ts';
import { declaredInJs } from './declared-js.ts';
import { declaredInPython } from './declared-python.ts';
import { type Declared, withoutDeep } from './declared-test.ts';
import type { Token } from './tokens.ts';

export function declaredIn(source: Source): Declared[] {
  const found = withoutDeep(readTests(source));
  for (const test of found) test.marks = [...new Set([...test.marks, ...marksInside(source, test)])];
  return found;
}

function readTests(source: Source): Declared[] {
  switch (source.language) {
    case 'js':
      return declaredInJs(source);
    case 'python':
      return declaredInPython(source);
    case 'java':
      return declaredInJava(source);
    case 'go':
      return declaredInGo(source);
    default:
      return declaredInRust(source);
  }
}

const javaTest = /^(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)$/;
const javaMark = /^(?:Disabled\w*|Ignore\w*|Enabled\w*)$/;

function declaredInJava(source: Source): Declared[] {
  const { tokens } = source;
  const found: Declared[] = [];
  /** Marks of classes, by the index of the brace. */
  const ofClass = new Map<number, string[]>();
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]?.text !== '@' || tokens[i + 1]?.kind !== 'word') continue;
    const from = i;
    const marks: string[] = [];
    let isTest = false;
    // All annotations of one declaration.
    while (tokens[i]?.text === '@' && tokens[i + 1]?.kind === 'word') {
      i += 2;
      while (tokens[i]?.text === '.') i += 2;
      const name = tokens[i - 1]?.text ?? '';
      if (javaTest.test(name)) isTest = true;
      if (javaMark.test(name)) marks.push(name);
      if (tokens[i]?.text !== '(' || (tokens[i]?.pair ?? -1) < i) continue;
      const end = (tokens[i] as Token).pair;
      if (name === 'Test' && has(tokens, i, end, 'enabled', 'false')) marks.push('enabled = false');
      i = end + 1;
    }
    let open = i;
    while (open < tokens.length && open < i + 60 && !/^[({;]$/.test(tokens[open]?.text ?? '')) open++;
    const modifiers = tokens.slice(i, open).map(({ text }) => text);
    if (modifiers.includes('class') && tokens[open]?.text === '{') {
      if (marks.length > 0) ofClass.set(open, marks);
    } else if (isTest && tokens[open]?.text === '(') {
      // Runners leave them out, with a warning at most.
      marks.push(...modifiers.filter((text) => text === 'private' || text === 'static'));
      let brace = (tokens[open]?.pair ?? open) + 1;
      while (brace < tokens.length && brace < open + 60 && !/^[{;=]$/.test(tokens[brace]?.text ?? '')) brace++;
      const end = tokens[brace]?.pair ?? -1;
      const to = end > brace ? end + 1 : brace;
      found.push({ name: tokens[open - 1]?.text ?? '', line: tokens[from]?.line ?? 1, from, body: brace, to, marks });
      i = brace;
    }
    i--;
  }
  for (const test of found)
    for (const { open, head, kind } of blocksAround(source, test.from)) {
      test.marks.push(...(ofClass.get(open) ?? []));
      if (kind === 'class' && tokens[head - 1]?.text === 'abstract') test.marks.push('abstract');
    }
  return found;
}

const has = (tokens: Token[], from: number, to: number, name: string, value: string): boolean => {
  for (let i = from; i < to && i < from + 200; i++)
    if (tokens[i]?.text === name && tokens[i + 2]?.text === value) return true;
  return false;
};

function declaredInGo({ tokens }: Source): Declared[] {
  const found: Declared[] = [];
  const runsSuite = (i: number): boolean => tokens[i]?.text === 'suite' && tokens[i + 2]?.text === 'Run';
  const hasSuite = tokens.some((_, i) => runsSuite(i));
  for (const [i, token] of tokens.entries()) {
    if (token.text !== 'func' || token.up >= 0) continue;
    // A method has its receiver before its name.
    const at = tokens[i + 1]?.text === '(' ? (tokens[i + 1]?.pair ?? i) + 1 : i + 1;
    const name = tokens[at]?.text ?? '';
    if (!/^(?:Test|Fuzz|Example)(?![a-z])\w*$/.test(name) || name === 'TestMain') continue;
    let brace = (tokens[at + 1]?.pair ?? at) + 1;
    if (tokens[brace]?.text !== '{') brace = at + 1;
    const end = tokens[brace]?.pair ?? -1;
    // Methods are tests of a suite, which a test of its own runs.
    const isMethod = at > i + 1;
    if (!isMethod && hasSuite && tokens.slice(brace, Math.min(end, brace + 20)).some((_, n) => runsSuite(brace + n)))
      continue;
    const marks = isMethod && !hasSuite ? ['no suite.Run'] : [];
    found.push({ name, line: token.line, from: i, body: brace, to: end > brace ? end + 1 : brace + 1, marks });
  }
  return found;
}

function declaredInRust(source: Source): Declared[] {
  const { tokens } = source;
  const found: Declared[] = [];
  const cfgAt = new Map<number, string[]>();
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]?.text !== '#' || tokens[i + 1]?.text !== '[' || (tokens[i + 1]?.pair ?? -1) < i) continue;
    const from = i;
    const marks: string[] = [];
    let isTest = false;
    while (tokens[i]?.text === '#' && tokens[i + 1]?.text === '[' && (tokens[i + 1]?.pair ?? -1) > i) {
      const end = (tokens[i + 1] as Token).pair;
      const words = tokens.slice(i + 2, Math.min(end, i + 100)).map(({ text }) => text);
      const [first = ''] = words;
      if (
        words
          .slice(0, 9)
          .some((word, n) => /^(?:test|rstest|test_case|quickcheck)$/.test(word) && !words.slice(0, n).includes('('))
      )
        isTest = true;
      if (first === 'ignore' || (first === 'cfg_attr' && words.includes('ignore'))) marks.push('ignore');
      if (first === 'cfg' && words.join('') !== 'cfg(test)') marks.push(words.join(''));
      if (first === 'should_panic') marks.push('should_panic');
      i = end + 1;
    }
    let fn = i;
    while (fn < tokens.length && fn < i + 8 && !/^(?:fn|mod|[;{])$/.test(tokens[fn]?.text ?? '')) fn++;
    let brace = fn;
    while (brace < tokens.length && brace < fn + 80 && tokens[brace]?.text !== '{') brace++;
    if (tokens[fn]?.text === 'mod') cfgAt.set(brace, marks);
    else if (isTest && tokens[fn]?.text === 'fn') {
      const end = tokens[brace]?.pair ?? -1;
      const to = end > brace ? end + 1 : brace + 1;
      found.push({ name: tokens[fn + 1]?.text ?? '', line: tokens[from]?.line ?? 1, from, body: brace, to, marks });
    }
    i--;
  }
  // `#![cfg(…)]` is about all of the file.
  const ofFile = tokens.flatMap(({ text, up }, i) =>
    up < 0 &&
    text === '#' &&
    tokens[i + 1]?.text === '!' &&
    tokens[i + 3]?.text === 'cfg' &&
    tokens[i + 5]?.text !== 'test'
      ? ['cfg of the file']
      : [],
  );
  for (const test of found) {
    for (const { open } of blocksAround(source, test.from)) test.marks.push(...(cfgAt.get(open) ?? []));
    test.marks.push(...ofFile);
  }
  return found;
}

/** What skips a test of Java or Go from within, and loops over nothing. */
function marksInside({ tokens, language }: Source, { body, to }: Declared): string[] {
  if (language !== 'java' && language !== 'go') return [];
  const marks: string[] = [];
  for (let i = body; i < to; i++) {
    const [before, { text }, next] = [tokens[i - 1]?.text, tokens[i] as Token, tokens[i + 1]?.text];
    if (language === 'go' && text === ':' && before === '[' && next === '0' && tokens[i + 3]?.text === '{')
      marks.push('a loop over nothing');
    if (next !== '(') continue;
    if (language === 'go' && before === '.' && /^(?:Skip|Skipf|SkipNow|Goexit)$/.test(text)) marks.push(text);
    if (language === 'java' && /^(?:assume\w*|abort)$/.test(text)) marks.push(text);
    if (
      language === 'java' &&
      before === 'new' &&
      /^(?:SkipException|TestAbortedException|AssumptionViolatedException)$/.test(text)
    )
      marks.push(text);
  }
  return marks;
}
