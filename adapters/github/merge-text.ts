import { type Hunk, hunksOf } from './hunks.ts';

export interface MergedText {
  lines: string[];
  conflict: boolean;
}
type Range = readonly [start: number, end: number];
/** Lines of the base that at least one side changed, and what each side has there. */
interface Region {
  base: Range;
  target: Range;
  change: Range;
  by: Set<'target' | 'change'>;
}
/** Lines both sides have, or a place where they differ. */
type Piece = { common: string[] } | { target: string[]; change: string[] };

/** Conflicts with so many equal lines between them, or fewer, become one, as in git. */
const nearLines = 3;

/**
 * Three-way merge of lines with their ends. Where both sides changed the same lines or lines that touch, the result has
 * both between git's conflict markers, cut down to what really differs.
 */
export function mergeText(base: string[], target: string[], change: string[]): MergedText {
  const merged: string[][] = [];
  let conflict = false;
  const crlf = target[0]?.endsWith('\r\n') === true && change[0]?.endsWith('\r\n') === true;
  const end = crlf ? '\r\n' : '\n';
  // A marker begins a line, also after a side whose last line has no end.
  const ended = (side: string[]) => side.map((line) => (line.endsWith('\n') ? line : `${line}${end}`));
  let at = 0;
  for (const region of regions(hunksOf(base, target), hunksOf(base, change))) {
    merged.push(base.slice(at, region.base[0]));
    at = region.base[1];
    const [theirs, ours] = [target.slice(...region.target), change.slice(...region.change)];
    if (!region.by.has('change')) merged.push(theirs);
    else if (!region.by.has('target')) merged.push(ours);
    else {
      for (const piece of pieces(theirs, ours)) {
        if ('common' in piece) {
          merged.push(piece.common);
          continue;
        }
        conflict = true;
        merged.push([`<<<<<<< target${end}`], ended(piece.target), [`=======${end}`]);
        merged.push(ended(piece.change), [`>>>>>>> change${end}`]);
      }
    }
  }
  merged.push(base.slice(at));
  return { lines: merged.flat(), conflict };
}

/** Changes of both sides by the base's lines; those that overlap or touch are one region. */
function regions(target: Hunk[], change: Hunk[]): Region[] {
  const all = [
    ...target.map((hunk) => ({ hunk, by: 'target' as const })),
    ...change.map((hunk) => ({ hunk, by: 'change' as const })),
  ].sort((a, b) => a.hunk.from[0] - b.hunk.from[0] || a.hunk.from[1] - b.hunk.from[1]);
  const found: Region[] = [];
  // How many lines a side has more than the base, up to where we are.
  const more = { target: 0, change: 0 };
  for (let i = 0; i < all.length; ) {
    const start = all[i]?.hunk.from[0] ?? 0;
    let end = start;
    const before = { ...more };
    const by: Region['by'] = new Set();
    for (let next = all[i]; next && next.hunk.from[0] <= Math.max(end, start); next = all[++i]) {
      const { from, to } = next.hunk;
      end = Math.max(end, from[1]);
      more[next.by] += to[1] - to[0] - (from[1] - from[0]);
      by.add(next.by);
    }
    const of = (side: 'target' | 'change'): Range => [start + before[side], end + more[side]];
    found.push({ base: [start, end], target: of('target'), change: of('change'), by });
  }
  return found;
}

/** A conflict without what both sides have. Where one side is empty it stays as it is: one of them deleted it all. */
function pieces(target: string[], change: string[]): Piece[] {
  const parts: Piece[] = [];
  let at = 0;
  for (const { from, to } of hunksOf(target, change)) {
    const common = target.slice(at, from[0]);
    const last = parts.at(-1);
    const differs = { target: target.slice(...from), change: change.slice(...to) };
    if (last && 'target' in last && common.length <= nearLines) {
      last.target.push(...common, ...differs.target);
      last.change.push(...common, ...differs.change);
    } else parts.push({ common }, differs);
    at = from[1];
  }
  parts.push({ common: target.slice(at) });
  return parts;
}
