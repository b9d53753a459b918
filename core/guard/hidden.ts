import { hiddenIn } from '../text/hidden.ts';

/**
 * The first hidden character that a text has and its earlier version had not: one that a reviewer of the diff does not
 * see, or that changes the order in which the line is displayed. Control characters do not count, because they are shown
 * as code points and test data contains them; nor does a byte order mark.
 */
export function findHidden(text: string, before: string): { line: number; says: string } | undefined {
  let known: Map<string, number> | undefined;
  const counts = new Map<string, number>();
  for (const { character, kind, says, offset } of hiddenIn(text)) {
    if (kind === 'control' || (character === '\uFEFF' && offset === 0)) continue;
    known ??= countIn(before);
    const count = (counts.get(character) ?? 0) + 1;
    counts.set(character, count);
    if (count > (known.get(character) ?? 0)) return { line: lineOf(text, offset), says };
  }
  return undefined;
}

function countIn(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { character } of hiddenIn(text)) counts.set(character, (counts.get(character) ?? 0) + 1);
  return counts;
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
