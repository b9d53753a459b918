const units: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** `93000` → `1 min 33 s`: the two largest non-zero units; `under 1 s` below that. @param ms Milliseconds. */
export function duration(ms: number): string {
  const first = units.findIndex(([, size]) => ms >= size);
  if (first < 0) return 'under 1 s';
  const parts: string[] = [];
  let left = ms;
  for (const [name, size] of units.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(' ');
}

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** `['anna', 'ben', 'dana']` → `anna, ben or dana`; a long list is cut. */
export function among(names: readonly string[], word: 'and' | 'or'): string {
  const shown =
    names.length > maxNames ? [...names.slice(0, maxNames - 1), `${names.length - maxNames + 1} others`] : names;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} ${word} ${shown.at(-1)}`;
}

const maxNames = 4;
