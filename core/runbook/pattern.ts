/**
 * The patterns of parameters: regular expressions without groups and alternatives, matched against a whole value. They are
 * matched position by position, so that the time grows with pattern times value: a runbook is read before anybody has
 * reviewed it, and an expression of the language itself can take time without end.
 */
export interface Pattern {
  test(value: string): boolean;
}

/** One position of a pattern. `many`: it may be repeated without end. */
interface Item {
  matches(character: string): boolean;
  optional: boolean;
  many: boolean;
}

/** Positions after `{2,5}` is written out. */
const maxItems = 500;

const atom = /^(?:\\[dwsDWS.*+?^$()[\]{}|/\\-]|\[\^?(?:\\[dws\\\]^-]|[^\\\]&~|[])+\]|[^\\*+?()[\]{}|^$])/u;
const quantifier = /^(?:[*+?]|\{(\d{1,3})(?:(,)(\d{1,3})?)?\})/;

/** @returns The pattern, or the reason why it is refused. */
export function readPattern(source: string): Pattern | string {
  const items: Item[] = [];
  let rest = source.replace(/^\^/, '').replace(/(?<!\\)\$$/, '');
  while (rest !== '') {
    const [one] = atom.exec(rest) ?? [];
    if (one === undefined)
      return `"${rest.slice(0, 20)}" cannot be used: write characters, classes such as [a-z0-9] and \\d, and * + ? {2,5}.`;
    rest = rest.slice(one.length);
    const matches = characterTest(one);
    if (matches === undefined) return `"${one.slice(0, 20)}" is not a valid class of characters.`;
    const [many, least = '', comma, most] = quantifier.exec(rest) ?? [];
    rest = rest.slice(many?.length ?? 0);
    const add = (count: number, kind: Omit<Item, 'matches'>): void => {
      for (let i = 0; i < count && items.length <= maxItems; i++) items.push({ matches, ...kind });
    };
    const once = { optional: false, many: false };
    if (many === undefined) add(1, once);
    else if (many === '*') add(1, { optional: true, many: true });
    else if (many === '+') add(1, { optional: false, many: true });
    else if (many === '?') add(1, { optional: true, many: false });
    else {
      if (most !== undefined && Number(most) < Number(least)) return `"${many}" has its larger number first.`;
      add(Number(least), once);
      if (comma !== undefined && most === undefined) add(1, { optional: true, many: true });
      if (most !== undefined) add(Number(most) - Number(least), { optional: true, many: false });
    }
    if (items.length > maxItems) return `It stands for more than ${maxItems} characters.`;
  }
  return { test: (value) => matchesAll(items, value) };
}

function characterTest(source: string): Item['matches'] | undefined {
  try {
    const one = new RegExp(`^${source}$`, 'u');
    return (character) => one.test(character);
  } catch {
    return undefined;
  }
}

function matchesAll(items: readonly Item[], value: string): boolean {
  let at = skipping(items, new Set([0]));
  for (const character of value) {
    const next = new Set<number>();
    for (const i of at) {
      const item = items[i];
      if (!item?.matches(character)) continue;
      next.add(i + 1);
      if (item.many) next.add(i);
    }
    at = skipping(items, next);
    if (at.size === 0) return false;
  }
  return at.has(items.length);
}

/** The positions, and those behind positions that may be left out. */
function skipping(items: readonly Item[], positions: Set<number>): Set<number> {
  const found = new Set(positions);
  // What is added during the walk is walked too.
  for (const i of found) if (items[i]?.optional) found.add(i + 1);
  return found;
}
