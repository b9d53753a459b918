import { type DiffSide, diffOfFiles, type FilePair } from '../../../core/diff/job.ts';
import type { Job } from '../../../core/ports/runtime/thread.ts';
import { isBinary, linesOf } from '../repository/objects.ts';
import { type Hunk, hunksOf } from './hunks.ts';

const contextLines = 3;
/** Git cuts a hunk's heading to this number of bytes. */
const headingBytes = 80;

/**
 * Git's output for one changed file, in lines. `before` or `after` is absent if the file does not exist on that side.
 */
function diffOfFile(path: string, before: DiffSide | undefined, after: DiffSide | undefined): string[] {
  const [a, b] = [quoted(`a/${path}`), quoted(`b/${path}`)];
  const out = [`diff --git ${a} ${b}\n`];
  if (!before) out.push(`new file mode ${after?.mode}\n`);
  else if (!after) out.push(`deleted file mode ${before.mode}\n`);
  else if (before.mode !== after.mode) out.push(`old mode ${before.mode}\n`, `new mode ${after.mode}\n`);
  if (before?.blobSha === after?.blobSha) return out;
  const mode = before && before.mode === after?.mode ? ` ${before.mode}` : '';
  out.push(`index ${short(before)}..${short(after)}${mode}\n`);
  const [from, to] = [before ? a : '/dev/null', after ? b : '/dev/null'];
  const [old, now] = [before?.bytes ?? new Uint8Array(), after?.bytes ?? new Uint8Array()];
  if (isBinary(old) || isBinary(now)) return [...out, `Binary files ${from} and ${to} differ\n`];
  const hunks = printed(linesOf(old), linesOf(now));
  // Tools such as patch read the text after a blank as a date, unless a tab ends the name.
  const tab = path.includes(' ') ? '\t' : '';
  if (hunks.length === 0) return out;
  return [...out, `--- ${from}${before ? tab : ''}\n`, `+++ ${to}${after ? tab : ''}\n`, ...hunks];
}

export const diffJob: Job<FilePair[], string[]> = {
  ...diffOfFiles,
  run: (pairs) => pairs.flatMap(({ path, before, after }) => diffOfFile(path, before, after)),
};

function printed(a: string[], b: string[]): string[] {
  const out: string[] = [];
  let heading = '';
  let searched = 0;
  for (const group of withContext(hunksOf(a, b))) {
    const [first, last] = [group[0], group.at(-1)];
    if (!first || !last) continue;
    const start = Math.max(0, first.from[0] - contextLines);
    const end = Math.min(a.length, last.from[1] + contextLines);
    const newStart = first.to[0] - (first.from[0] - start);
    const newEnd = last.to[1] + (end - last.from[1]);
    for (let i = start - 1; i >= searched; i--) {
      const line = a[i] ?? '';
      if (!/^[A-Za-z_$]/.test(line)) continue;
      heading = ` ${line.slice(0, headingBytes).trimEnd()}`;
      break;
    }
    searched = Math.max(searched, start);
    out.push(`@@ -${range(start, end)} +${range(newStart, newEnd)} @@${heading}\n`);
    let at = start;
    const add = (sign: string, lines: string[]): void => {
      for (const line of lines)
        out.push(line.endsWith('\n') ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`);
    };
    for (const { from, to } of group) {
      add(' ', a.slice(at, from[0]));
      add('-', a.slice(...from));
      add('+', b.slice(...to));
      at = from[1];
    }
    add(' ', a.slice(at, end));
  }
  return out;
}

/** Changes whose context lines overlap are one hunk. */
function withContext(hunks: Hunk[]): Hunk[][] {
  const groups: Hunk[][] = [];
  for (const hunk of hunks) {
    const last = groups.at(-1)?.at(-1);
    if (last && hunk.from[0] - last.from[1] <= 2 * contextLines) groups.at(-1)?.push(hunk);
    else groups.push([hunk]);
  }
  return groups;
}

/**
 * A range in git's notation: lines count from one; an empty range names the line before it; a count of one is omitted.
 */
function range(start: number, end: number): string {
  const count = end - start;
  const from = count === 0 ? start : start + 1;
  return count === 1 ? `${from}` : `${from},${count}`;
}

const short = (side: DiffSide | undefined): string => (side ? side.blobSha.slice(0, 7) : '0000000');

const escapes: Record<number, string> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\', // biome-ignore format: one line
};
/** A name in git's notation: unusual bytes are escaped, and the whole name is quoted. */
function quoted(name: string): string {
  const bytes = [...Buffer.from(name)];
  const odd = (byte: number): boolean => byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c;
  if (!bytes.some(odd)) return name;
  const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;
  const text = bytes.map((byte) => escapes[byte] ?? (odd(byte) ? octal(byte) : String.fromCharCode(byte)));
  return `"${text.join('')}"`;
}
