/** The median of a non-empty list; the mean of the two middle values if its length is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  if (low === undefined || high === undefined) throw new Error('the list is empty');
  return (low + high) / 2;
}

/** The median of every number that all the records have at the same name, rounded to `digits` after the point. */
export function medians<Name extends string>(
  records: readonly Readonly<Record<Name, number>>[],
  digits = 0,
): Record<Name, number> {
  const [first] = records;
  if (first === undefined) throw new Error('the list is empty');
  const names = Object.keys(first) as Name[];
  return Object.fromEntries(
    names.map((name) => [name, round(median(records.map((record) => record[name])), digits)]),
  ) as Record<Name, number>;
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits));
