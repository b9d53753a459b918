import { parseYaml } from '../../../text/yaml.ts';
import { type Token, tokensOf } from '../source/tokens.ts';

/** The settings of a file: value by path, such as `test.coverage.lines`. What is no setting has an empty path. */
export type Entries = Map<string, string>;

const maxDepth = 20;
const maxEntries = 5_000;

/** Parsed JSON or YAML. */
export function entriesOfValue(value: unknown, path = '', entries: Entries = new Map(), depth = 0): Entries {
  const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value) && depth < maxDepth;
  if (isBranch && entries.size < maxEntries)
    for (const [key, inner] of Object.entries(value))
      entriesOfValue(inner, path === '' ? key : `${path}.${key}`, entries, depth + 1);
  else entries.set(path, JSON.stringify(value) ?? '');
  return entries;
}

/** Undefined for a text that is not JSON; comments of JSON5 are not read. */
export function entriesOfJson(text: string): Entries | undefined {
  if (text.trim() === '') return new Map();
  try {
    return entriesOfValue(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Characters of a file of settings in YAML; nobody writes more. */
const maxYaml = 16 * 1024;

export function entriesOfYaml(text: string): Entries | undefined {
  if (text.trim() === '') return new Map();
  if (text.length > maxYaml) return undefined;
  try {
    const document = parseYaml(text, { uniqueKeys: false, logLevel: 'silent' });
    if (document === undefined) return undefined;
    return document.errors.length > 0 ? undefined : entriesOfValue(document.toJS({ maxAliasCount: 100 }));
  } catch {
    return undefined;
  }
}

/** The object literals of a program that is a file of settings, such as `vitest.config.ts`. */
export function entriesOfProgram(text: string): Entries {
  const tokens = tokensOf(text, 'js');
  const entries: Entries = new Map();
  const path: string[] = [];
  const rest: string[] = [];
  const ends: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    while (ends.length > 0 && i >= (ends.at(-1) ?? 0)) {
      ends.pop();
      path.pop();
    }
    if (token.text === 'import' && token.first && token.up < 0) {
      i = endOfImport(tokens, i);
      continue;
    }
    const isKey =
      (token.kind === 'word' || token.kind === 'text') && tokens[i + 1]?.text === ':' && tokens[token.up]?.text === '{';
    if (!isKey) {
      rest.push(token.text);
      continue;
    }
    const name = token.text.replaceAll('"', '');
    const value = i + 2;
    const pair = tokens[value]?.pair ?? -1;
    if (tokens[value]?.text === '{' && pair > value && path.length < maxDepth) {
      path.push(name);
      ends.push(pair);
      i = value;
      continue;
    }
    let end = value;
    while (
      end < tokens.length &&
      !(tokens[end]?.up === token.up && tokens[end]?.text === ',') &&
      end < (tokens[token.up]?.pair ?? end)
    )
      end++;
    const words = tokens.slice(value, Math.max(value, end)).map((each) => each.text);
    if (entries.size < maxEntries) entries.set([...path, name].join('.'), words.join(' '));
    i = Math.max(value, end) - 1;
  }
  const left = rest.filter((word) => !/^[,;(){}]$/.test(word)).join(' ');
  if (left !== '') entries.set('', left);
  return entries;
}

function endOfImport(tokens: Token[], from: number): number {
  for (let i = from + 1; i < tokens.length && i < from + 200; i++) if (tokens[i]?.kind === 'text') return i;
  return from;
}

/** Sections of INI and TOML; a value goes on in indented lines and in open brackets. */
export function entriesOfSections(text: string, wanted: RegExp): Entries {
  const entries: Entries = new Map();
  let [section, key, open] = ['', '', 0];
  for (const line of text.split('\n').slice(0, maxEntries)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const header = open === 0 && trimmed.startsWith('[') && !/^\s/.test(line);
    if (header) {
      section = trimmed.replaceAll('[', '').replaceAll(']', '').trim();
      key = '';
      if (wanted.test(section)) entries.set(section, '');
      continue;
    }
    if (!wanted.test(section)) continue;
    const goesOn = open > 0 || (key !== '' && /^\s/.test(line));
    const equals = goesOn ? -1 : trimmed.search(/[=:]/);
    if (equals >= 0) key = `${section}.${trimmed.slice(0, equals).trim()}`;
    const value = equals < 0 ? trimmed : trimmed.slice(equals + 1).trim();
    entries.set(key, goesOn ? `${entries.get(key) ?? ''} ${value}`.slice(0, 4_000) : value);
    open = Math.max(0, open + count(value, '[') - count(value, ']'));
  }
  return entries;
}

const count = (text: string, piece: string): number => text.split(piece).length - 1;

/** Paths whose values differ. */
export function changedKeys(before: Entries, after: Entries): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key));
}
