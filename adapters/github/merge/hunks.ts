import { diffArrays } from 'diff';

/** A range of lines that differs: `from` start (included) and end (excluded) in the first text, `to` in the second. */
export interface Hunk {
  from: readonly [number, number];
  to: readonly [number, number];
}

/**
 * Maximum number of removed and added lines. Above it, everything from the first to the last difference is one hunk.
 * Time grows with the square of this number; 2,000 take about half a second.
 */
const maxEdits = 2_000;

/** The differences of two texts in order, with a minimal number of changed lines. */
export function hunksOf(a: string[], b: string[]): Hunk[] {
  const shortest = Math.min(a.length, b.length);
  let start = 0;
  while (start < shortest && a[start] === b[start]) start++;
  let tail = 0;
  while (tail < shortest - start && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const [endA, endB] = [a.length - tail, b.length - tail];
  // A line that occurs in one text only is certainly changed, so the search uses the other lines.
  const [inA, inB] = [new Set(a.slice(start, endA)), new Set(b.slice(start, endB))];
  const keptA = kept(a, start, endA, inB);
  const keptB = kept(b, start, endB, inA);
  const parts = diffArrays(
    keptA.map((i) => a[i]),
    keptB.map((j) => b[j]),
    { maxEditLength: maxEdits },
  );
  const hunks: Hunk[] = [];
  let [atA, atB] = [start, start];
  const upTo = (i: number, j: number): void => {
    if (i > atA || j > atB) hunks.push({ from: [atA, i], to: [atB, j] });
    [atA, atB] = [i + 1, j + 1];
  };
  let [i, j] = [0, 0];
  for (const part of parts ?? []) {
    if (part.removed) i += part.value.length;
    else if (part.added) j += part.value.length;
    else for (const _ of part.value) upTo(keptA[i++] ?? endA, keptB[j++] ?? endB);
  }
  upTo(endA, endB);
  return hunks;
}

function kept(lines: string[], start: number, end: number, other: Set<string>): number[] {
  const found: number[] = [];
  for (let i = start; i < end; i++) if (other.has(lines[i] ?? '')) found.push(i);
  return found;
}
