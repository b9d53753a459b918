import { raw } from 'hono/html';
import type { DiffLine } from '../../core/diff/unified.ts';
import { visible } from '../../core/text/hidden.ts';
import type { ChangedFile } from '../../pipeline/view/change.ts';
import type { Markup } from '../html/markup.ts';

/** How the lines of a file are set beside each other. */
export type Layout = 'unified' | 'split';

interface Cell {
  line: DiffLine;
  html: string;
}

/** Lines of more characters have no marks within them. */
const maxMarked = 300;
const signs = { same: ' ', add: '+', del: '−', note: ' ' } as const;
const css = { same: '', add: 'a', del: 'x', note: 'h' } as const;

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (each) => escapes[each] ?? each);

/**
 * The table of a file's lines. It is built as text, because a large change has thousands of rows; every text goes through
 * `visible` and `escapeHtml`, and colours come checked from the thread that made them.
 */
export function linesTable(file: ChangedFile, layout: Layout, long: boolean): Markup {
  const columns =
    layout === 'unified' ? '<col class="ln"><col class="ln"><col>' : '<col class="ln"><col><col class="ln"><col>';
  const wide = layout === 'unified' ? 3 : 4;
  const rows = file.hunks.map((hunk, i) => {
    const cells = cellsOf(hunk.lines, file.colours?.[i]);
    const head = `<tr class="h"><td colspan="${wide}">@@ ${hunk.oldStart} → ${hunk.newStart} ${escapeHtml(visible(hunk.heading))}</td></tr>`;
    return head + (layout === 'unified' ? cells.map(unifiedRow).join('') : splitRows(cells));
  });
  return raw(
    `<table class="d${long ? ' long' : ''}"><caption class="hidden">Diff of ${escapeHtml(visible(file.path))}</caption><colgroup>${columns}</colgroup><tbody>${rows.join('')}</tbody></table>`,
  );
}

function cellsOf(lines: readonly DiffLine[], colours: string[] | undefined): Cell[] {
  const cells = lines.map((line, i) => ({ line, html: colours?.[i] ?? escapeHtml(visible(line.text)) }));
  for (let i = 0; i < cells.length; ) {
    const removed = run(cells, i, 'del');
    const added = run(cells, removed, 'add');
    const pairs = removed - i === added - removed ? removed - i : 0;
    for (let p = 0; p < pairs; p++) mark(cells[i + p], cells[removed + p]);
    i = Math.max(added, i + 1);
  }
  return cells;
}

/** Index after the lines of one kind from `start`. */
function run(cells: readonly Cell[], start: number, kind: DiffLine['kind']): number {
  let end = start;
  while (cells[end]?.line.kind === kind) end++;
  return end;
}

/** Marks what differs between a line and the line that replaces it: all between their common beginning and end. */
function mark(before: Cell | undefined, after: Cell | undefined): void {
  if (!before || !after) return;
  const [a, b] = [visible(before.line.text), visible(after.line.text)];
  if (a.length > maxMarked || b.length > maxMarked) return;
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start++;
  let end = 0;
  while (end < most - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  // Lines with little in common were replaced, not changed.
  if (start + end < most / 2) return;
  before.html = marked(before.html, start, a.length - end, 'del');
  after.html = marked(after.html, start, b.length - end, 'ins');
}

/** Puts an element around a range of the text of a line, in pieces where other elements begin or end within it. */
function marked(html: string, from: number, to: number, tag: 'ins' | 'del'): string {
  let at = 0;
  let open = false;
  let out = '';
  for (const [piece] of html.matchAll(/<[^<>]*>|&[#\w]+;|[^<&]/gs)) {
    const isTag = piece.startsWith('<');
    const inside = !isTag && at >= from && at < to;
    if (open !== inside) out += inside ? `<${tag}>` : `</${tag}>`;
    open = inside;
    out += piece;
    if (!isTag) at++;
  }
  return open ? `${out}</${tag}>` : out;
}

const number = (n: number | undefined, kind: string): string =>
  `<td class="ln${kind === '' ? '' : ` ${kind}`}"${n === undefined ? '' : ` data-n="${n}"`}>${n ?? ''}</td>`;

const code = ({ line, html }: Cell): string =>
  `<td class="c${css[line.kind] === '' ? '' : ` ${css[line.kind]}`}">${signs[line.kind]}${html}</td>`;

function unifiedRow(cell: Cell): string {
  const { line } = cell;
  const kind = css[line.kind];
  const old = `<td class="ln${kind === '' ? '' : ` ${kind}`}">${line.old ?? ''}</td>`;
  return `<tr>${old}${number(line.now, kind)}${code(cell)}</tr>`;
}

/** Removed lines beside the added ones that replace them. */
function splitRows(cells: readonly Cell[]): string {
  const none = '<td class="ln e"></td><td class="e"></td>';
  const old = (cell: Cell | undefined): string =>
    cell ? `<td class="ln ${css[cell.line.kind]}">${cell.line.old ?? ''}</td>${code(cell)}` : none;
  const now = (cell: Cell | undefined): string =>
    cell ? number(cell.line.now, css[cell.line.kind]) + code(cell) : none;
  let out = '';
  for (let i = 0; i < cells.length; ) {
    const removed = run(cells, i, 'del');
    const added = run(cells, removed, 'add');
    if (added === i) {
      out += `<tr>${old(cells[i])}${now(cells[i])}</tr>`;
      i++;
      continue;
    }
    for (let p = 0; p < Math.max(removed - i, added - removed); p++)
      out += `<tr>${old(i + p < removed ? cells[i + p] : undefined)}${now(removed + p < added ? cells[removed + p] : undefined)}</tr>`;
    i = added;
  }
  return out;
}
