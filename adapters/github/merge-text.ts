import { diff3Merge, diffComm } from 'node-diff3';

export interface MergedText {
  lines: string[];
  conflict: boolean;
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
  const lines: string[] = [];
  let conflict = false;
  const crlf = target[0]?.endsWith('\r\n') === true && change[0]?.endsWith('\r\n') === true;
  const end = crlf ? '\r\n' : '\n';
  // A marker begins a line, also after a side whose last line has no end.
  const ended = (side: string[]) => side.map((line) => (line.endsWith('\n') ? line : `${line}${end}`));
  const [head, body, tail] = inner(base, target, change);
  push(lines, head);
  for (const region of diff3Merge(body.target, body.base, body.change)) {
    if (region.ok) {
      push(lines, region.ok);
      continue;
    }
    if (!region.conflict) continue;
    for (const piece of pieces(region.conflict.a, region.conflict.b)) {
      if ('common' in piece) {
        push(lines, piece.common);
        continue;
      }
      conflict = true;
      push(lines, [`<<<<<<< target${end}`, ...ended(piece.target), `=======${end}`]);
      push(lines, [...ended(piece.change), `>>>>>>> change${end}`]);
    }
  }
  push(lines, tail);
  return { lines, conflict };
}

/** Without the lines at both ends that all three have: comparing costs time by the square. */
function inner(base: string[], target: string[], change: string[]) {
  const shortest = Math.min(base.length, target.length, change.length);
  let start = 0;
  while (start < shortest && base[start] === target[start] && base[start] === change[start]) start++;
  let end = 0;
  while (
    end < shortest - start &&
    base.at(-1 - end) === target.at(-1 - end) &&
    base.at(-1 - end) === change.at(-1 - end)
  )
    end++;
  const cut = (lines: string[]) => lines.slice(start, lines.length - end);
  const body = { base: cut(base), target: cut(target), change: cut(change) };
  return [base.slice(0, start), body, base.slice(base.length - end)] as const;
}

function pieces(target: string[], change: string[]): Piece[] {
  const parts: Piece[] = diffComm(target, change).map((part) =>
    part.common ? { common: part.common } : { target: part.buffer1, change: part.buffer2 },
  );
  const joined: Piece[] = [];
  for (const part of parts) {
    const [last, gap] = [joined.at(-2), joined.at(-1)];
    if ('target' in part && last && 'target' in last && gap && 'common' in gap && gap.common.length <= nearLines) {
      joined.splice(-2, 2, {
        target: [...last.target, ...gap.common, ...part.target],
        change: [...last.change, ...gap.common, ...part.change],
      });
    } else joined.push(part);
  }
  return joined;
}

/** An argument list of a whole file would overflow the stack. */
function push(lines: string[], more: string[]): void {
  for (const line of more) lines.push(line);
}
