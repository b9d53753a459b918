/** How a text differs from its earlier version, by lines. Linear in both. */
export interface LineChange {
  /** Lines of the earlier version that are gone, changed or moved. */
  existing: number;
  /** 1-based: the first line that differs. */
  line: number;
  /** Lines that were added between existing ones, run by run, if all existing lines are still there in their order. */
  added: { line: number; lines: string[] }[];
}

/** Undefined for texts that differ in blank lines and line ends only. */
export function compareLines(before: string, after: string): LineChange | undefined {
  const [a, b] = [before, after].map((text) => text.split(/\r?\n/)) as [string[], string[]];
  let prefix = 0;
  while (prefix < a.length && prefix < b.length && a[prefix] === b[prefix]) prefix++;
  const added = runsBetween(a, b);
  if (added?.length === 0) return undefined;
  const existing = added ? 0 : Math.max(1, missing(a, b));
  return { existing, line: Math.min(prefix + 1, Math.max(1, b.length)), added: added ?? [] };
}

/** The added lines; undefined if an existing line is missing or not in its order. */
function runsBetween(a: string[], b: string[]): LineChange['added'] | undefined {
  const runs: LineChange['added'] = [];
  let at = 0;
  const upTo = (end: number): void => {
    let first = at;
    while (first < end && b[first]?.trim() === '') first++;
    if (first < end) runs.push({ line: first + 1, lines: b.slice(first, end) });
  };
  for (const line of a) {
    if (line.trim() === '') continue;
    const found = b.indexOf(line, at);
    if (found < 0) return undefined;
    upTo(found);
    at = found + 1;
  }
  upTo(b.length);
  return runs;
}

/** Number of lines that the second list has fewer of. */
function missing(a: string[], b: string[]): number {
  const counts = new Map<string, number>();
  for (const line of b) counts.set(line, (counts.get(line) ?? 0) + 1);
  let lost = 0;
  for (const line of a) {
    const left = counts.get(line) ?? 0;
    if (left > 0) counts.set(line, left - 1);
    else if (line.trim() !== '') lost++;
  }
  return lost;
}
