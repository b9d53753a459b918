import type { Language } from './language.ts';
import { type Token, tokensOf } from './tokens.ts';

/** What stands in braces, or indented below a line of Python. */
export interface Block {
  kind: 'function' | 'class' | 'if' | 'loop' | 'try' | 'catch' | 'other';
  /** Index of the first token of what begins it, such as `if`, and of the token before its content. */
  head: number;
  open: number;
  /** Index behind its last token. */
  end: number;
  /** Its own index, and that of the block around it; -1 outside. */
  index: number;
  parent: number;
}

/** A source that can be asked where its tokens stand. */
export interface Source {
  language: Language;
  text: string;
  tokens: Token[];
  blocks: Block[];
  /** Index of the innermost block of each token; -1 outside. */
  blockAt: number[];
}

/** Blocks around a token that are looked at; no source that people read has more. */
const maxDepth = 64;

export function readSource(text: string, language: Language): Source {
  const tokens = tokensOf(text, language);
  const source: Source = { language, text, tokens, blocks: [], blockAt: [] };
  if (language === 'python') readIndentation(source);
  else readBraces(source);
  return source;
}

/** The blocks around a token, the innermost first. */
export function* blocksAround({ blocks, blockAt }: Source, index: number): Generator<Block> {
  let at = blockAt[index] ?? -1;
  for (let depth = 0; at >= 0 && depth < maxDepth; depth++) {
    const block = blocks[at] as Block;
    yield block;
    at = block.parent;
  }
}

const kinds: Record<string, Block['kind']> = {
  if: 'if',
  elif: 'if',
  else: 'if',
  switch: 'if',
  match: 'if',
  when: 'if',
  for: 'loop',
  while: 'loop',
  loop: 'loop',
  do: 'loop',
  try: 'try',
  catch: 'catch',
  except: 'catch',
  def: 'function',
  func: 'function',
  fn: 'function',
  fun: 'function',
  function: 'function',
  class: 'class',
  interface: 'class',
  enum: 'class',
  struct: 'class',
  mod: 'class',
  impl: 'class',
};

function readBraces(source: Source): void {
  const { tokens, blocks, blockAt, language } = source;
  const open: number[] = [];
  for (const [i, token] of tokens.entries()) {
    const last = open.at(-1);
    if (last !== undefined && (blocks[last] as Block).end === i + 1) open.pop();
    blockAt.push(open.at(-1) ?? -1);
    if (token.kind !== 'mark' || token.text !== '{' || token.pair < 0) continue;
    const nearest = language === 'go' || language === 'rust';
    const { kind, head } = nearest ? byNearestWord(tokens, i, language) : byBrackets(tokens, i);
    blocks.push({ kind, head, open: i, end: token.pair + 1, index: blocks.length, parent: open.at(-1) ?? -1 });
    open.push(blocks.length - 1);
  }
}

/** Tokens before a brace that are looked at for what begins the block. */
const maxHead = 80;

/** Go and Rust write no brackets around conditions, and Go a statement before them: `if v, err := f(); err != nil {`. */
function byNearestWord(tokens: Token[], brace: number, language: Language): Pick<Block, 'kind' | 'head'> {
  const within = (token: Token): boolean =>
    language === 'go' && token.text === ';' && token.line === tokens[brace]?.line;
  const up = tokens[brace]?.up;
  for (let i = brace - 1; i >= 0 && i > brace - maxHead; i--) {
    const token = tokens[i] as Token;
    if (token.pair >= 0 && token.pair < i && token.text !== '}') i = token.pair;
    else if (within(token)) continue;
    else if (token.up !== up || token.text === ';' || token.text === '{' || token.text === '}') break;
    else if (token.kind === 'word' && token.text in kinds) return { kind: kinds[token.text] ?? 'other', head: i };
    if (tokens[i]?.first && !goesOn(tokens[i - 1])) break;
  }
  return { kind: 'other', head: brace };
}

/** A line that ends with this token goes on in the next one. */
const goesOn = (token: Token | undefined): boolean =>
  token?.kind === 'mark' && !/^[)\]}]$/.test(token.text) && token.text !== ';';

function byBrackets(tokens: Token[], brace: number): Pick<Block, 'kind' | 'head'> {
  const before = tokens[brace - 1];
  const word = before?.text ?? '';
  if (word === '=>' || word === '->') return { kind: 'function', head: brace - 1 };
  if (before?.kind === 'word' && word in kinds) return { kind: kinds[word] ?? 'other', head: brace - 1 };
  for (let i = brace - 1; i >= 0 && i > brace - maxHead; i--) {
    const token = tokens[i] as Token;
    if (token.text === ')' && token.pair >= 0) {
      const name = tokens[token.pair - 1];
      const kind = name?.kind === 'word' ? kinds[name.text] : undefined;
      return { kind: kind ?? 'function', head: token.pair - 1 };
    }
    if (token.kind === 'word' && kinds[token.text] === 'class') return { kind: 'class', head: i };
    if (token.kind === 'mark' && /^[;{}=(,]$/.test(token.text)) break;
  }
  return { kind: 'other', head: brace };
}

function readIndentation(source: Source): void {
  const { tokens, blocks, blockAt } = source;
  /** Open blocks with the column of their first word. */
  const open: { block: number; column: number }[] = [];
  for (const [i, token] of tokens.entries()) {
    if (beginsStatement(token) && token.up < 0) {
      while (open.length > 0 && token.column <= (open.at(-1)?.column ?? 0)) {
        const { block } = open.pop() as { block: number };
        (blocks[block] as Block).end = i;
      }
      const word = token.text === 'async' ? tokens[i + 1]?.text : token.text;
      const kind = word === 'with' || word === 'finally' ? 'other' : kinds[word ?? ''];
      if (token.kind === 'word' && kind) {
        blockAt.push(open.at(-1)?.block ?? -1);
        blocks.push({
          kind,
          head: i,
          open: i,
          end: tokens.length,
          index: blocks.length,
          parent: open.at(-1)?.block ?? -1,
        });
        open.push({ block: blocks.length - 1, column: token.column });
        continue;
      }
    }
    blockAt.push(open.at(-1)?.block ?? -1);
  }
}

const later = /^(?:setTimeout|setInterval|setImmediate|queueMicrotask|nextTick|requestAnimationFrame|Thread)$/;
/** What ends a test that waits for a function. */
const waits = /^(?:done|resolve|cb|callback|next|finish|join|await|Wait|countDown)$/;

/**
 * Whether a function only runs when the test may have ended, or never: one for a timer, a thread or a goroutine, one for a promise that nobody waits
 * for, and one of Java that only has a name. What calls something that ends or holds a test is waited for.
 * @param head Its first token, or its arrow.
 */
export function isDeferred(source: Source, head: number, end: number): boolean {
  let known = deferred.get(source)?.get(head);
  if (known === undefined) {
    known = isHandedOn(source, head) && !endsTheTest(source.tokens, head, end);
    const all = deferred.get(source) ?? new Map<number, boolean>();
    deferred.set(source, all.set(head, known));
  }
  return known;
}

/** By the first token of a function, which may hold many assertions. */
const deferred = new WeakMap<Source, Map<number, boolean>>();

/** `done()` in a function, or `.catch(done)` after it. */
function endsTheTest(tokens: Token[], head: number, end: number): boolean {
  for (let i = head; i < end + 60 && i < tokens.length; i++) {
    const { text } = tokens[i] as Token;
    if (waits.test(text) && (tokens[i + 1]?.text === '(' || i >= end || text === 'await')) return true;
  }
  return false;
}

/** Whether a function is given to what calls it later, or to nothing. */
function isHandedOn({ tokens, language }: Source, head: number): boolean {
  const isArrow = /^(?:=>|->)$/.test(tokens[head]?.text ?? '');
  const closing = isArrow && tokens[head - 1]?.text === ')' ? (tokens[head - 1]?.pair ?? head) : head;
  const start = isArrow && closing === head ? head - 1 : closing;
  const before = tokens[tokens[start - 1]?.text === 'async' ? start - 2 : start - 1]?.text ?? '';
  const around = tokens[start]?.up ?? -1;
  const name = tokens[around]?.text === '(' ? (tokens[around - 1]?.text ?? '') : '';
  if (language === 'go') return before === 'go';
  if (language === 'java')
    return (before === '=' && isArrow) || (name === 'Thread' && tokens[around - 2]?.text === 'new');
  if (language !== 'js' || around !== start - (before === '(' ? 1 : 0)) return false;
  return later.test(name) || (name === 'then' && !isWaitedFor(tokens, around - 1));
}

/** Calls of a chain that are looked at. */
const maxCalls = 100;

/** Whether somebody waits for a chain of calls, or gets it. */
function isWaitedFor(tokens: Token[], at: number): boolean {
  let i = at;
  for (let calls = 0; tokens[i - 1]?.text === '.' || tokens[i - 1]?.text === '?.'; calls++) {
    if (calls > maxCalls) return true;
    i -= 2;
    while (/^[)\]]$/.test(tokens[i]?.text ?? '') && (tokens[i]?.pair ?? -1) >= 0) i = (tokens[i]?.pair ?? i) - 1;
  }
  return !tokens[i]?.first || /^(?:await|return|yield|void)$/.test(tokens[i]?.text ?? '') || goesOn(tokens[i - 1]);
}

/** Comparable text of tokens; commas before a closing bracket and semicolons do not matter. */
export function textOfTokens(tokens: Token[], from: number, to: number): string {
  const parts: string[] = [];
  for (let i = from; i < to && i < from + 1_000; i++) {
    const { text, kind } = tokens[i] as Token;
    const closes = kind === 'mark' && /^[)\]}]$/.test(tokens[i + 1]?.text ?? '');
    if (kind !== 'mark' || (text !== ';' && !(text === ',' && closes))) parts.push(text);
  }
  return parts.join(' ');
}

/** The first token of a line, unless it closes what an earlier line opened. */
const beginsStatement = (token: Token | undefined): boolean =>
  token?.first === true && !(token.kind === 'mark' && /^[)\]}]$/.test(token.text));

/** Tokens of a statement that are read. */
const maxStatement = 2_000;

/** Index behind the statement of Python that begins here: lines go on in brackets. */
export function endOfStatement(tokens: Token[], from: number, to: number): number {
  const up = tokens[from]?.up;
  const last = Math.min(to, from + maxStatement);
  let i = from + 1;
  while (i < last && !(beginsStatement(tokens[i]) && tokens[i]?.up === up)) i++;
  return i;
}
