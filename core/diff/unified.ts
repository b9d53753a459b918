/** A line of a diff. `old` and `now` are its numbers in the two files, counted from 1. */
export interface DiffLine {
  kind: 'same' | 'add' | 'del' | 'note';
  text: string;
  old?: number;
  now?: number;
}

export interface DiffHunk {
  /** What stands after the line numbers: the function or section that the hunk is in. */
  heading: string;
  oldStart: number;
  newStart: number;
  lines: DiffLine[];
}

/** One file of a unified diff. */
export interface FileDiff {
  path: string;
  op: 'added' | 'changed' | 'deleted';
  added: number;
  removed: number;
  hunks: DiffHunk[];
  /** Remarks that are not content: modes, binary contents. */
  notes: string[];
}

const hunkHead = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)$/;

/**
 * Splits the output of `git diff --no-renames` by file. Content lines begin with ` `, `+`, `-` or `\`; headers never do
 * within a hunk.
 */
export function filesOfDiff(text: string): FileDiff[] {
  const files: FileDiff[] = [];
  let [old, now] = [0, 0];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (line.startsWith('diff --git ')) {
      const path = pathOf(line.slice('diff --git '.length));
      files.push({ path, op: 'changed', added: 0, removed: 0, hunks: [], notes: [] });
      continue;
    }
    const file = files.at(-1);
    if (!file) continue;
    const head = hunkHead.exec(line);
    if (head) {
      [old, now] = [Number(head[1]), Number(head[2])];
      file.hunks.push({ heading: head[3] ?? '', oldStart: old, newStart: now, lines: [] });
      continue;
    }
    const hunk = file.hunks.at(-1);
    if (!hunk) header(file, line);
    else if (line.startsWith('+')) {
      file.added++;
      hunk.lines.push({ kind: 'add', text: line.slice(1), now: now++ });
    } else if (line.startsWith('-')) {
      file.removed++;
      hunk.lines.push({ kind: 'del', text: line.slice(1), old: old++ });
    } else if (line.startsWith('\\')) hunk.lines.push({ kind: 'note', text: line.slice(1).trim() });
    else hunk.lines.push({ kind: 'same', text: line.slice(1), old: old++, now: now++ });
  }
  return files;
}

function header(file: FileDiff, line: string): void {
  if (line.startsWith('new file mode')) file.op = 'added';
  else if (line.startsWith('deleted file mode')) file.op = 'deleted';
  if (/^(?:old|new) mode |^Binary files /.test(line) || line.startsWith('new file mode 12')) file.notes.push(line);
}

/** Without renames both halves of `a/PATH b/PATH` have the same path, even if it has blanks or is quoted. */
function pathOf(pair: string): string {
  const half = pair.slice((pair.length + 1) / 2);
  return half.startsWith('"b/') ? unquoted(half.slice(3, -1)) : half.replace(/^b\//, '');
}

const letters: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** Git quotes a path with unusual characters as C does: bytes as octal numbers, and letters after a backslash. */
const unquoted = (text: string): string =>
  Buffer.from(
    text
      .replace(/[\u0080-\uffff]/g, (each) => Buffer.from(each).toString('latin1'))
      .replace(/\\([0-7]{3}|.)/gs, (_, each: string) =>
        each.length === 3 ? String.fromCharCode(Number.parseInt(each, 8) & 0xff) : (letters[each] ?? each),
      ),
    'latin1',
  ).toString();
