import type { Language } from './language.ts';

/** A word, number, text literal or mark of a source; comments and blanks are left out. */
export interface Token {
  kind: 'word' | 'number' | 'text' | 'mark';
  /** Text literals have double quotes, whatever the source writes. */
  text: string;
  line: number;
  column: number;
  /** It begins its line. */
  first: boolean;
  /** Index of the other bracket of a pair; -1 for other tokens and for brackets without a partner. */
  pair: number;
  /** Index of the bracket around it; -1 outside of all brackets. */
  up: number;
}

const marks = [
  '===',
  '!==',
  '...',
  '=>',
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '::',
  '->',
  ':=',
  '++',
  '--',
  '+=',
  '-=',
  '|=',
  '&=',
];
const opens: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
/** After these a slash begins a regular expression of JavaScript. */
const beforeExpression = new Set(['return', 'typeof', 'case', 'in', 'of', 'await', 'yield', 'else', 'do']);

const isWordStart = (c: string | undefined): boolean => c !== undefined && /[\p{L}_$]/u.test(c);
const isWordPart = (c: string | undefined): boolean => c !== undefined && /[\p{L}\p{N}_$]/u.test(c);
const isDigit = (c: string | undefined): boolean => c !== undefined && c >= '0' && c <= '9';

/** Reads each character a bounded number of times. A source that is not of its language gives some tokens, too. */
export function tokensOf(source: string, language: Language): Token[] {
  const tokens: Token[] = [];
  let [at, line, lineStart, lastLine] = [0, 1, 0, 0];
  const add = (kind: Token['kind'], text: string, from: number): void => {
    tokens.push({ kind, text, line, column: from - lineStart, first: line !== lastLine, pair: -1, up: -1 });
    lastLine = line;
  };
  /** Moves behind a piece that may have line feeds. */
  const pass = (to: number): void => {
    for (let feed = source.indexOf('\n', at); feed >= 0 && feed < to; feed = source.indexOf('\n', feed + 1)) {
      line++;
      lineStart = feed + 1;
    }
    at = to;
  };
  while (at < source.length) {
    const c = source[at] as string;
    if (c === '\n' || c === ' ' || c === '\t' || c === '\r') {
      pass(at + 1);
      continue;
    }
    const comment = endOfComment(source, at, language);
    if (comment > at) {
      pass(comment);
      continue;
    }
    const literal = endOfText(source, at, language, tokens.at(-1));
    if (literal > at) {
      const from = at;
      add('text', quoted(source.slice(from, literal)), from);
      const [startLine] = [line];
      pass(literal);
      lastLine = Math.max(startLine, line);
      continue;
    }
    const from = at;
    if (isWordStart(c)) {
      while (isWordPart(source[at])) at++;
      add('word', source.slice(from, at), from);
    } else if (isDigit(c)) {
      while (
        isWordPart(source[at]) ||
        (source[at] === '.' && isDigit(source[at + 1])) ||
        (/[+-]/.test(source[at] ?? '') &&
          /[eE]/.test(source[at - 1] ?? '') &&
          isDigit(source[at + 1]) &&
          isDigit(source[at - 2]))
      )
        at++;
      add('number', source.slice(from, at), from);
    } else {
      const mark = marks.find((each) => source.startsWith(each, at)) ?? c;
      at += mark.length;
      add('mark', mark, from);
    }
  }
  pairUp(tokens);
  return tokens;
}

function pairUp(tokens: Token[]): void {
  const open: number[] = [];
  for (const [i, token] of tokens.entries()) {
    const isCloser = token.kind === 'mark' && (token.text === ')' || token.text === ']' || token.text === '}');
    const partner = open.at(-1);
    if (isCloser && partner !== undefined && opens[tokens[partner]?.text ?? ''] === token.text) {
      open.pop();
      token.pair = partner;
      (tokens[partner] as Token).pair = i;
    }
    token.up = open.at(-1) ?? -1;
    if (token.kind === 'mark' && token.text in opens) open.push(i);
  }
}

const orEnd = (source: string, at: number, length = 0): number => (at < 0 ? source.length : at + length);

/** Offset behind a comment that begins here; the same offset if none does. */
function endOfComment(source: string, at: number, language: Language): number {
  if (language === 'python') return source[at] === '#' ? orEnd(source, source.indexOf('\n', at)) : at;
  if (source.startsWith('//', at)) return orEnd(source, source.indexOf('\n', at));
  if (source.startsWith('/*', at)) return orEnd(source, source.indexOf('*/', at + 2), 2);
  if (at === 0 && source.startsWith('#!') && source[2] !== '[') return orEnd(source, source.indexOf('\n'));
  return at;
}

/** Offset behind a text literal that begins here; the same offset if none does. */
function endOfText(source: string, at: number, language: Language, before: Token | undefined): number {
  let from = at;
  if (language === 'python') while (from < at + 2 && /[rbfuRBFU]/.test(source[from] ?? '')) from++;
  const c = source[from];
  if (language === 'rust') {
    const raw = /^b?r(#{0,8})"/.exec(source.slice(at, at + 12));
    if (raw) return orEnd(source, source.indexOf(`"${raw[1]}`, at + raw[0].length), 1 + (raw[1] ?? '').length);
    if (c === "'")
      return source[from + 1] === '\\' ? endOfLine(source, from, "'") : source[from + 2] === "'" ? from + 3 : at;
  }
  if (c === '"' || c === "'") {
    const three = c.repeat(3);
    if (source.startsWith(three, from) && (language === 'python' || (language === 'java' && c === '"')))
      return orEnd(source, source.indexOf(three, from + 3), 3);
    return endOfLine(source, from, c);
  }
  if (c === '`')
    return language === 'js'
      ? endOfTemplate(source, at)
      : language === 'go' || language === 'java'
        ? orEnd(source, source.indexOf('`', at + 1), 1)
        : at;
  if (c === '/' && language === 'js' && mayBeginExpression(before)) return endOfExpression(source, at);
  return at;
}

const mayBeginExpression = (before: Token | undefined): boolean =>
  before === undefined ||
  (before.kind === 'mark' && before.text !== ')' && before.text !== ']' && before.text !== '}') ||
  (before.kind === 'word' && beforeExpression.has(before.text));

/** A literal that ends on its line at the latest. */
function endOfLine(source: string, at: number, quote: string): number {
  for (let i = at + 1; i < source.length; i++) {
    const c = source[i];
    if (c === '\\') i++;
    else if (c === quote) return i + 1;
    else if (c === '\n') return i;
  }
  return source.length;
}

function endOfExpression(source: string, at: number): number {
  let inClass = false;
  for (let i = at + 1; i < source.length && source[i] !== '\n'; i++) {
    const c = source[i];
    if (c === '\\') i++;
    else if (c === '[') inClass = true;
    else if (c === ']') inClass = false;
    else if (c === '/' && !inClass) return i + 1;
  }
  return at;
}

/** A template of JavaScript with what stands in its braces, which may hold templates. */
function endOfTemplate(source: string, at: number): number {
  /** Open templates and braces. */
  const open = ['`'];
  for (let i = at + 1; i < source.length; i++) {
    const c = source[i];
    const inTemplate = open.at(-1) === '`';
    if (c === '\\') i++;
    else if (c === '`') {
      if (inTemplate) open.pop();
      else open.push('`');
      if (open.length === 0) return i + 1;
    } else if (inTemplate && c === '$' && source[i + 1] === '{') {
      open.push('{');
      i++;
    } else if (!inTemplate && c === '{') open.push('{');
    else if (!inTemplate && c === '}') open.pop();
  }
  return source.length;
}

const quoted = (literal: string): string => {
  const inner = literal.replace(/^[rbfuRBFU]{0,2}(?:"""|'''|["'`])/, '').replace(/(?:"""|'''|["'`])$/, '');
  return literal.startsWith('/') ? literal : `"${inner}"`;
};
