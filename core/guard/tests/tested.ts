import { languageOf } from './source/language.ts';
import { type Token, tokensOf } from './source/tokens.ts';

/** Names that only a test runner sets. */
const names = new Set([
  'VITEST',
  'VITEST_WORKER_ID',
  'JEST_WORKER_ID',
  'NODE_TEST_CONTEXT',
  'PYTEST_CURRENT_TEST',
  'PYTEST_VERSION',
  '__vitest_worker__',
  'MOCHA_VERSION',
  'surefire.test.class.path',
]);
const modules = /^"(?:pytest|unittest|_pytest)"$/;
/** Bytes of a source that are read. */
const maxSource = 1024 * 1024;

/** Whether a source that is no test has more places than before that find out whether a test runner runs it. */
export function asksWhetherTested(path: string, before: string, after: string): boolean {
  const language = languageOf(path);
  if (language === undefined || after.length > maxSource || before.length > maxSource) return false;
  if (!/VITEST|JEST|NODE_TEST|PYTEST|pytest|unittest|vitest|MOCHA|surefire|Testing|test\.v|\.test|cfg/.test(after))
    return false;
  const count = (text: string): number => {
    const tokens = tokensOf(text, language);
    return tokens.filter((_, i) => asks(tokens, i)).length;
  };
  return count(after) > count(before);
}

function asks(tokens: Token[], i: number): boolean {
  const [{ text, kind }, next] = [tokens[i] as Token, tokens[i + 1]?.text];
  if (names.has(text.replaceAll('"', ''))) return true;
  if (modules.test(text)) return next === 'in' && tokens[i + 2]?.text === 'sys';
  if (text === 'Testing') return tokens[i - 2]?.text === 'testing' && next === '(';
  if (kind === 'text') return text === '"test.v"' || (text === '".test"' && tokens[i - 1]?.text === ',');
  return text === 'cfg' && next === '!' && tokens[i + 3]?.text === 'test';
}
