import type { Job } from '../../../core/ports/runtime/thread.ts';
import { linesOf } from '../repository/objects.ts';
import { type Hunk, hunksOf } from './hunks.ts';

/** Conflict markers: the label of each side, and the length of the marker in characters. */
export interface Markers {
  target: string;
  change: string;
  size: number;
}
interface MergedText {
  lines: string[];
  conflict: boolean;
}
type Range = readonly [start: number, end: number];
/** Lines of the base that at least one side changed, and the corresponding lines of each side. */
interface Region {
  base: Range;
  target: Range;
  change: Range;
  by: Set<'target' | 'change'>;
}
/** Lines that both sides have, lines of the only side that changed them, or a conflict. */
type Piece = { common: string[] } | { chosen: string[] } | Conflict;
interface Conflict {
  target: string[];
  change: string[];
}

/** Conflicts that are separated by at most this number of equal lines become one, as in git. */
const nearLines = 3;

/**
 * Three-way merge of lines, line ends included. If both sides changed the same or adjacent lines, the result has both
 * versions between git's conflict markers, reduced to the lines that differ.
 * @internal for its tests
 */
export function mergeText(base: string[], target: string[], change: string[], markers: Markers): MergedText {
  const crlf = target[0]?.endsWith('\r\n') === true && change[0]?.endsWith('\r\n') === true;
  const end = crlf ? '\r\n' : '\n';
  const marker = (sign: string, label = ''): string => `${sign.repeat(markers.size)}${label}${end}`;
  // A marker starts a new line, even if the last line of a side has no line end.
  const ended = (side: string[]) => side.map((line) => (line.endsWith('\n') ? line : `${line}${end}`));
  const joined = joinNear(pieces(base, target, change));
  const lines = joined.flatMap((piece) => {
    if ('common' in piece) return piece.common;
    if ('chosen' in piece) return piece.chosen;
    const [theirs, ours] = [ended(piece.target), ended(piece.change)];
    return [marker('<', ` ${markers.target}`), ...theirs, marker('='), ...ours, marker('>', ` ${markers.change}`)];
  });
  return { lines, conflict: joined.some((piece) => 'target' in piece) };
}

/** The three versions of a file. */
type Versions = { base: Uint8Array; target: Uint8Array; change: Uint8Array; markers: Markers };

export const mergeJob: Job<Versions, { bytes: Uint8Array; conflict: boolean }> = {
  name: 'merge of the change',
  run({ base, target, change, markers }) {
    const { lines, conflict } = mergeText(linesOf(base), linesOf(target), linesOf(change), markers);
    return { bytes: Buffer.from(lines.join(''), 'latin1'), conflict };
  },
};

function pieces(base: string[], target: string[], change: string[]): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const region of regions(hunksOf(base, target), hunksOf(base, change))) {
    found.push({ common: base.slice(at, region.base[0]) });
    at = region.base[1];
    const [theirs, ours] = [target.slice(...region.target), change.slice(...region.change)];
    if (!region.by.has('change')) found.push({ chosen: theirs });
    else if (!region.by.has('target')) found.push({ chosen: ours });
    else found.push(...without(theirs, ours));
  }
  found.push({ common: base.slice(at) });
  return found;
}

/** The changes of both sides by lines of the base; changes that overlap or touch are one region. */
function regions(target: Hunk[], change: Hunk[]): Region[] {
  const all = [
    ...target.map((hunk) => ({ hunk, by: 'target' as const })),
    ...change.map((hunk) => ({ hunk, by: 'change' as const })),
  ].sort((a, b) => a.hunk.from[0] - b.hunk.from[0] || a.hunk.from[1] - b.hunk.from[1]);
  const found: Region[] = [];
  // The number of lines that each side has in addition to the base, up to the current position.
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

/** A conflict as pieces: lines that both sides have are common. */
function without(target: string[], change: string[]): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const { from, to } of hunksOf(target, change)) {
    found.push({ common: target.slice(at, from[0]) }, { target: target.slice(...from), change: change.slice(...to) });
    at = from[1];
  }
  found.push({ common: target.slice(at) });
  return found;
}

function joinNear(all: Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of all) {
    const last = joined.at(-1);
    if ('common' in piece) {
      if (last && 'common' in last) joined[joined.length - 1] = { common: last.common.concat(piece.common) };
      else if (piece.common.length > 0) joined.push(piece);
      continue;
    }
    const before = joined.at(-2);
    const near = last && 'common' in last && last.common.length <= nearLines;
    if ('target' in piece && near && before && 'target' in before) {
      const across = (side: 'target' | 'change') => before[side].concat(last.common, piece[side]);
      joined.splice(-2, 2, { target: across('target'), change: across('change') });
    } else joined.push(piece);
  }
  return joined;
}
