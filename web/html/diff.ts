import type { UnifiedDiff } from '../../core/ports/host/code-host.ts';
import { count } from './format.ts';
import { fold } from './layout.ts';
import { type Markup, markup } from './markup.ts';

interface FileDiff {
  path: string;
  lines: string[];
  added: number;
  removed: number;
}

/** The diff of a file with more lines is collapsed at first. */
const unfoldedLines = 400;

/**
 * Splits the output of `git diff --no-renames` by file. Content lines begin with ` `, `+`, `-` or `\`; headers never
 * do.
 * @internal for its tests
 */
export function filesOfDiff(text: string): FileDiff[] {
  const files: FileDiff[] = [];
  let inHunk = false;
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (line.startsWith('diff --git ')) {
      files.push({ path: pathOf(line.slice('diff --git '.length)), lines: [], added: 0, removed: 0 });
      inHunk = false;
      continue;
    }
    const file = files.at(-1);
    if (!file) continue;
    if (line.startsWith('@@')) inHunk = true;
    if (inHunk && line.startsWith('+')) file.added++;
    if (inHunk && line.startsWith('-')) file.removed++;
    file.lines.push(line);
  }
  return files;
}

/** Without renames both halves of `a/PATH b/PATH` have the same path, even if it has blanks or is quoted. */
function pathOf(pair: string): string {
  const half = pair.slice((pair.length + 1) / 2);
  return half.startsWith('"b/') ? half.slice(3, -1) : half.replace(/^b\//, '');
}

export const diffView = (diff: UnifiedDiff): Markup =>
  markup`<div class="diff">${filesOfDiff(diff.text).map((file) =>
    fold(
      markup`<code>${file.path}</code> <span class="plus">+${file.added}</span> <span class="minus">−${file.removed}</span>`,
      markup`<pre tabindex="0" aria-label="Diff of ${file.path}">${lines(file)}</pre>`,
      file.lines.length <= unfoldedLines,
    ),
  )}</div>${diff.truncated && markup`<p class="box warn">The diff is cut after ${count(diff.text.length, 'character')}; the branch has the whole change.</p>`}`;

function lines(file: FileDiff): Markup[] {
  let inHunk = false;
  return file.lines.map((line) => {
    if (line.startsWith('@@')) inHunk = true;
    const css = line.startsWith('@@')
      ? 'at'
      : !inHunk
        ? 'meta'
        : line.startsWith('+')
          ? 'add'
          : line.startsWith('-')
            ? 'del'
            : '';
    return markup`<span class="${css}">${line}
</span>`;
  });
}
