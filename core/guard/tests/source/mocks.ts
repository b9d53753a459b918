import type { Source } from './blocks.ts';
import { textOfTokens } from './blocks.ts';
import type { Check } from './checks.ts';
import { argumentsOf } from './strength.ts';

const stemOf = (path: string): string =>
  path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.\w{1,5}$/, '')
    .replace(/[._-](?:tests?|spec)$|^test_/, '');

/**
 * What the tests of a file replace of the very code that they test: the module of the file's name, the only module that
 * it imports, or a function that its assertions call.
 */
export function mocksOfSubject({ tokens, language }: Source, path: string, checks: Check[]): string[] {
  if (language !== 'js' && language !== 'python') return [];
  const called = new Set<string>();
  for (const { text } of checks) for (const [, name] of text.matchAll(/(\w{1,80}) \(/g)) called.add(name ?? '');
  const relative = new Set<string>();
  const imported = new Set<string>();
  /** A name of a package that the file takes names from, not of one that it only uses. */
  const isImported = (dotted: string, object: string): boolean =>
    dotted.includes('.') ? imported.has(dotted.split('.')[0] ?? '') : imported.has(object) || object === stemOf(path);
  const found: string[] = [];
  for (const [i, token] of tokens.entries()) {
    const first = tokens[i + 2]?.kind === 'text' ? (tokens[i + 2]?.text ?? '').slice(1, -1) : '';
    const before = tokens[i - 1]?.text;
    if (language === 'js') {
      if (
        token.kind === 'text' &&
        (before === 'from' || (before === '(' && tokens[i - 2]?.text === 'require')) &&
        token.text.startsWith('".')
      )
        relative.add(token.text.slice(1, -1));
      if (token.kind !== 'word' || tokens[i + 1]?.text !== '(') continue;
      const mocks =
        before === '.' &&
        /^(?:mock|doMock|unstable_mockModule|module)$/.test(token.text) &&
        /^(?:jest|vi|mock|td)$/.test(tokens[i - 2]?.text ?? '');
      if (mocks && first.startsWith('.')) found.push(first);
      continue;
    }
    if (token.text === 'import' && before !== undefined && tokens[i - 1]?.line === token.line) {
      imported.add(tokens[i - 1]?.text ?? '');
      for (let at = i - 1; at > i - 12 && tokens[at]?.line === token.line; at--)
        if (tokens[at]?.text === 'from') imported.add(tokens[at + 1]?.text ?? '');
      for (let at = i + 1; at < i + 40 && tokens[at]?.line === token.line; at++) imported.add(tokens[at]?.text ?? '');
    }
    if (token.kind !== 'word' || tokens[i + 1]?.text !== '(') continue;
    const isPatch =
      token.text === 'patch' ||
      (token.text === 'object' && tokens[i - 2]?.text === 'patch') ||
      (token.text === 'setattr' && before === '.');
    if (!isPatch) continue;
    const args = argumentsOf(tokens, i + 1);
    const name = (first.includes('.') ? first.slice(first.lastIndexOf('.') + 1) : (args[1] ?? '')).replaceAll('"', '');
    if (called.has(name) && isImported(first, args[0] ?? '')) found.push(first || textOfTokens(tokens, i, i + 6));
    else if (first.includes('.') && /(?:^|\/)conftest\.py$/.test(path) && isAutomatic(tokens, i)) found.push(first);
  }
  if (language === 'python') return found;
  return found.filter((each) => stemOf(each) === stemOf(path) || (relative.size === 1 && relative.has(each)));
}

/** In a fixture that all tests use. */
function isAutomatic(tokens: Source['tokens'], at: number): boolean {
  for (let i = at; i >= 0 && i > at - 60; i--) if (tokens[i]?.text === 'autouse') return true;
  return false;
}
