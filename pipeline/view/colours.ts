import { coloursOfLines, type Snippet } from '../../core/diff/job.ts';
import type { DiffHunk, DiffLine } from '../../core/diff/unified.ts';
import { DrydockError } from '../../core/errors.ts';
import { visible } from '../../core/text/hidden.ts';
import type { Deps } from '../deps.ts';

/** Lines of one file, and of a change, that are coloured; others are plain. */
const [maxOfFile, maxOfChange] = [600, 3_000];
const maxLine = 500;

/** What of a file is coloured. */
interface Colourable {
  path: string;
  generated: boolean;
  hunks: DiffHunk[];
  /** HTML of the lines of each hunk, in their order; absent where there are no colours. */
  colours?: string[][];
}

/** The files with colours for their lines. Without colours they are complete too, so a fault of them fails nothing. */
export async function withColours<File extends Colourable>(deps: Pick<Deps, 'thread'>, files: File[]): Promise<File[]> {
  let left = maxOfChange;
  const chosen = files.map((file) => {
    const lines = file.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
    const takes = !file.generated && lines <= Math.min(maxOfFile, left) && !file.hunks.some(isWide);
    if (takes) left -= lines;
    return takes;
  });
  const snippets = files.flatMap((file, i) => (chosen[i] ? file.hunks.flatMap((hunk) => sides(file.path, hunk)) : []));
  if (snippets.length === 0) return files;
  let found: (string[] | undefined)[];
  try {
    found = await deps.thread.run(coloursOfLines, snippets);
  } catch (error) {
    if (error instanceof DrydockError) return files;
    throw error;
  }
  let next = 0;
  return files.map((file, i) => {
    if (!chosen[i]) return file;
    const hunks = file.hunks.map((hunk) => merged(hunk, found[next++], found[next++]));
    return hunks.every((lines) => lines !== undefined) ? { ...file, colours: hunks } : file;
  });
}

const isWide = ({ lines }: DiffHunk): boolean => lines.some(({ text }) => text.length > maxLine);
const isOld = ({ kind }: DiffLine): boolean => kind === 'del';

/** The lines before and after the change, each of which is a text of its own. */
function sides(path: string, { lines }: DiffHunk): [Snippet, Snippet] {
  const of = (some: DiffLine[]): Snippet => ({ path, lines: some.map(({ text }) => visible(text)) });
  return [of(lines.filter(isOld)), of(lines.filter((line) => !isOld(line)))];
}

function merged({ lines }: DiffHunk, old: string[] | undefined, now: string[] | undefined): string[] | undefined {
  if (!old || !now) return undefined;
  let [i, j] = [0, 0];
  return lines.map((line) => (isOld(line) ? old[i++] : now[j++]) ?? '');
}
