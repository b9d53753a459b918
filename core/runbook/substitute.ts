import { code } from '../publish/escape.ts';
import type { Path } from '../task-spec/document.ts';
import type { ParameterValue } from './record.ts';

/** `${name}`; `$${name}` stands for the text itself, and `${NAME}` is left to the shell. */
const placeholder = /(\$?)\$\{([a-z][a-z0-9_]*)\}/g;

export type Values = Readonly<Record<string, ParameterValue>>;

/** Where a placeholder stands. */
export interface Mention {
  name: string;
  path: Path;
  /** Offset in the text of the value. */
  offset: number;
}

/** The placeholders of a text. */
export const mentionsIn = (text: string, path: Path = []): Mention[] =>
  [...text.matchAll(placeholder)].flatMap(({ 1: escaped, 2: name = '', index }) =>
    escaped === '' ? [{ name, path, offset: index }] : [],
  );

/** The placeholders of plain data, those in keys with a path of their own. */
export function mentionsOf(value: unknown, path: Path = []): { values: Mention[]; keys: Mention[] } {
  const found: { values: Mention[]; keys: Mention[] } = { values: [], keys: [] };
  const walk = (each: unknown, at: Path): void => {
    if (typeof each === 'string') found.values.push(...mentionsIn(each, at));
    else if (Array.isArray(each)) for (const [i, item] of each.entries()) walk(item, [...at, i]);
    else if (typeof each === 'object' && each !== null)
      for (const [key, item] of Object.entries(each)) {
        found.keys.push(...mentionsIn(key, [...at, key]));
        walk(item, [...at, key]);
      }
  };
  walk(value, path);
  return found;
}

/** Whether a value of the spec is run by a shell. */
export const isCommand = (path: Path): boolean => {
  const field = path.findLast((step) => typeof step === 'string') ?? '';
  return field === 'run' || field === 'command' || String(field).endsWith('_command');
};

/**
 * Puts values into plain data, which was parsed before and is not parsed again: no value can become structure. A text
 * that is one placeholder becomes the value itself, with its type; a list as an entry of a list becomes its entries.
 */
export function substitute(value: unknown, values: Values, path: Path = []): unknown {
  if (typeof value === 'string') {
    const whole = /^\$\{([a-z][a-z0-9_]*)\}$/.exec(value)?.[1];
    if (whole !== undefined && Object.hasOwn(values, whole) && !isCommand(path)) return values[whole];
    return substituteText(value, values);
  }
  if (Array.isArray(value))
    return value.flatMap((item, i) => {
      const filled = substitute(item, values, [...path, i]);
      return typeof item === 'string' && Array.isArray(filled) ? filled : [filled];
    });
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, substitute(item, values, [...path, key])]),
    );
  return value;
}

/** Puts values into a text that is shown or run as it is. */
export const substituteText = (text: string, values: Values): string =>
  fill(text, values, (each) => (Array.isArray(each) ? each.join(', ') : String(each)));

/**
 * Puts values into Markdown. Text becomes a span of code, which has one line and cannot begin a heading, a list, a link,
 * a comment or the end of front matter.
 */
export const substituteMarkdown = (text: string, values: Values): string =>
  fill(text, values, (value) =>
    Array.isArray(value) ? value.map(code).join(', ') : typeof value === 'string' ? code(value) : String(value),
  );

const fill = (text: string, values: Values, write: (value: ParameterValue) => string): string =>
  text.replace(placeholder, (found, escaped: string, name: string) => {
    if (escaped !== '') return found.slice(1);
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? found : write(value);
  });
