import { type Block, blocksAround, type Source } from './blocks.ts';
import { type Check, firstFrom } from './checks.ts';
import type { Declared } from './declared-test.ts';
import type { Token } from './tokens.ts';

/** Words in a handler that let the test fail nevertheless. */
const fails =
  /^(?:throw|raise|fail|Fail|FailNow|Fatal|Fatalf|Error|Errorf|expect|assert\w*|reject|done|panic|rethrow)$/;
/** Errors whose handler takes a failed assertion, or whatever the tested code throws. */
const broad = /^(?:AssertionError|Exception|BaseException|Throwable|Error|AssertionFailedError)$/;

/** Places of a test that catch a failed assertion and say nothing. */
export function swallowsIn(source: Source, test: Declared, checks: Check[]): number {
  const { tokens, language } = source;
  const handled = new Set<Block>();
  for (const { at } of checks)
    for (const block of blocksAround(source, at)) {
      if (block.head < test.from) break;
      if (block.kind === 'try') handled.add(block);
    }
  let count = [...handled].filter((block) => isSilent(source, block)).length;
  for (let i = test.body; i < test.to; i++) {
    const { text, kind } = tokens[i] as Token;
    const open = i + 1;
    if (kind !== 'word' || tokens[open]?.text !== '(') continue;
    const inside = tokens.slice(open + 1, Math.max(open + 1, Math.min(tokens[open]?.pair ?? 0, open + 40)));
    if (text === 'catch' && tokens[i - 1]?.text === '.' && language === 'js') {
      if (!inside.some((each) => fails.test(each.text) || each.kind === 'number') && isEmptyHandler(inside)) count++;
    } else if (text === 'suppress' && inside.some((each) => broad.test(each.text))) count++;
    else if (text === 'recover' || text === 'catch_unwind') count++;
  }
  return count;
}

/** `() => {}`, `() => null`, `noop`. */
const isEmptyHandler = (inside: Token[]): boolean =>
  inside.filter(
    ({ text }) =>
      !/^[(){}]$|^=>$|^(?:function|null|undefined|void|_\w*|err|error|e|noop|false|console|log|warn|\.)$/.test(text),
  ).length === 0;

/** Whether the handlers of a try take a failed assertion and do not fail. */
function isSilent({ tokens, blocks, language }: Source, block: Block): boolean {
  for (let i = block.index + 1; i < blocks.length; i++) {
    const handler = blocks[i] as Block;
    if (handler.head >= (blocks[block.parent]?.end ?? tokens.length)) break;
    if (handler.head < block.end || handler.parent !== block.parent) continue;
    if (handler.kind !== 'catch') break;
    const header = tokens.slice(handler.head, language === 'python' ? handler.head + 12 : handler.open);
    const names = (language === 'python' ? untilColon(header) : header).filter(({ kind }) => kind === 'word');
    const takes = language === 'js' || names.length < 2 || names.some(({ text }) => broad.test(text));
    const content = tokens.slice(handler.open + 1, Math.min(handler.end, handler.open + 400));
    const own = language === 'python' ? content.slice(untilColon(content).length) : content;
    if (takes && !own.some(({ text, kind }) => kind === 'word' && fails.test(text))) return true;
  }
  return false;
}

function untilColon(tokens: Token[]): Token[] {
  const colon = tokens.findIndex(({ text }) => text === ':');
  return colon < 0 ? tokens : tokens.slice(0, colon);
}

/** Tokens of the value of a return that are looked at; brackets count as one. */
const maxValue = 200;

/** Index behind the value of a return, such as a chain of calls over several lines. */
function endOfValue(tokens: Token[], from: number): number {
  let end = from + 1;
  for (let steps = 0; end < tokens.length && steps < maxValue; steps++) {
    const { text, first, pair } = tokens[end] as Token;
    if (/^[;})\]]$/.test(text) || (first && text !== '.')) return end;
    end = pair > end ? pair + 1 : end + 1;
  }
  return end;
}

/** Whether a test, or a round of a loop in it, may end before its last assertion. */
export function leavesEarly(source: Source, test: Declared, checks: Check[]): boolean {
  const { tokens } = source;
  const last = checks.at(-1)?.at ?? -1;
  for (let i = test.body; i < test.to && i < last; i++) {
    const word = tokens[i]?.kind === 'word' ? tokens[i]?.text : undefined;
    if (word !== 'return' && word !== 'continue') continue;
    const next = tokens[i + 1]?.text === 'await' ? i + 2 : i + 1;
    if (tokens[next]?.line === tokens[i]?.line && checks[firstFrom(checks, next)]?.at === next) continue;
    if (word === 'return' && last < endOfValue(tokens, i)) continue;
    let around: Block | undefined;
    let failsHere = false;
    for (const block of blocksAround(source, i)) {
      if (block.head < test.from) break;
      if (block.kind === 'function' || block.open === test.body || (word === 'continue' && block.kind === 'loop')) {
        around = block;
        break;
      }
      failsHere ||= firstFrom(checks, block.open + 1) < firstFrom(checks, i);
    }
    if (!failsHere && around && last < around.end) return true;
  }
  return false;
}
