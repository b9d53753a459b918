import { barFor, stripHidden } from '../prompt/fence.ts';
import { cellCode } from '../publish/escape.ts';
import type { Lesson } from './schema.ts';

/** The marks around the lessons in a file that other tools read. They stand alone on their lines. */
const begin =
  '<!-- drydock knowledge: begin. Written by `drydock knowledge sync`; edit .agent-tasks/knowledge instead. -->';
const end = '<!-- drydock knowledge: end -->';

/** A file whose marks are damaged, so that it is not known what is between them. */
export interface BlockFault {
  fault: string;
}

/**
 * A file with the block of lessons between its marks; everything else stays as it is, byte for byte. Without marks the
 * block is added at the end; without lessons nothing is added, and marks stay with nothing between them.
 */
export function withBlock(before: string, lessons: readonly Lesson[]): string | BlockFault {
  const starts = marksIn(before, begin);
  const ends = marksIn(before, end);
  const [start] = starts;
  const [stop] = ends;
  if (starts.length > 1 || ends.length > 1) return { fault: 'It has the marks of the lessons more than once.' };
  if (start === undefined && stop === undefined) {
    if (lessons.length === 0) return before;
    // The line ends of the file.
    const eol = /\r\n/.test(before) ? '\r\n' : '\n';
    const gap = before === '' ? '' : before.endsWith('\n') ? eol : `${eol}${eol}`;
    return `${before}${gap}${blockOf(lessons, eol)}${eol}`;
  }
  if (start === undefined || stop === undefined || stop < start)
    return { fault: 'One of the marks of the lessons is missing, or they are in the wrong order.' };
  const eol = before.startsWith('\r\n', start + begin.length) ? '\r\n' : '\n';
  return `${before.slice(0, start)}${blockOf(lessons, eol)}${before.slice(stop + end.length)}`;
}

/** Offsets of a mark that stands alone on its line. */
function marksIn(text: string, mark: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    const after = text.slice(at + mark.length, at + mark.length + 2);
    if ((at === 0 || text[at - 1] === '\n') && (after === '' || after.startsWith('\n') || after === '\r\n'))
      found.push(at);
  }
  return found;
}

/** A lesson is fenced and has no comment, so that it can neither end the block nor become a part of the file around it. */
function blockOf(lessons: readonly Lesson[], eol: string): string {
  const parts = [...lessons]
    .sort((a, b) => (a.slug < b.slug ? -1 : 1))
    .map(({ slug, applies_to, text }) => {
      const clean = stripHidden(text).trim();
      const bar = barFor(clean, 3);
      return `### ${slug}\n\nFor ${applies_to.map(cellCode).join(', ')}:\n\n${bar}text\n${clean}\n${bar}`;
    });
  const heading = '## Lessons of the team\n\nAdvice for the paths that each one names.';
  const body = parts.length === 0 ? '' : `${[heading, ...parts].join('\n\n')}\n`;
  return `${begin}\n${body}${end}`.replaceAll('\n', eol);
}
