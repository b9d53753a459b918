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
    const { kind, head } = language === 'go' || language === 'rust' ? byNearestWord(tokens, i) : byBrackets(tokens, i);
    blocks.push({ kind, head, open: i, end: token.pair + 1, index: blocks.length, parent: open.at(-1) ?? -1 });
    open.push(blocks.length - 1);
  }
}

/** Tokens before a brace that are looked at for what begins the block. */
const maxHead = 80;

/** Go and Rust write no brackets around conditions. */
function byNearestWord(tokens: Token[], brace: number): Pick<Block, 'kind' | 'head'> {
  const up = tokens[brace]?.up;
  for (let i = brace - 1; i >= 0 && i > brace - maxHead; i--) {
    const token = tokens[i] as Token;
    if (token.pair >= 0 && token.pair < i && token.text !== '}') i = token.pair;
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
