import { type Elements, readHtml } from './elements.ts';
import { type Node, parseMarkdown } from './markdown.ts';

/**
 * Determines which lines of a comment readers see as the author's own plain text. A parser of GitHub's Markdown
 * provides the structure. Open HTML elements, formulas between dollar signs and the few differences between renderers
 * are handled here; in such cases a line is `doubtful`, never `plain`.
 */

/** `plain`: visible text of the author. `covered`: in a quote, code, list, table or HTML. `doubtful`: uncertain. */
type Visibility = 'plain' | 'covered' | 'doubtful';

/**
 * The visibility of some lines, and the unclosed elements around the last of them. Lines end at line feeds.
 * @param asked Indexes of lines, ascending. Text after the paragraph of the last one is not parsed.
 */
export function readVisibility(
  lines: readonly string[],
  asked: readonly number[],
): { visibilities: Visibility[]; open: string[] } {
  const end = endOfReading(lines, asked.at(-1) ?? 0);
  // The parser drops a byte order mark and does not count it.
  const text = lines
    .slice(0, end)
    .join('\n')
    .replace(/^\uFEFF/, '');
  const root = parseMarkdown(text);
  if (!root) return { visibilities: asked.map(() => 'doubtful'), open: [] };
  const reading: Reading = { text, elements: { open: [], lost: false } };
  const visibilities = new Map<number, Visibility>();
  let touched: number | undefined;
  for (const block of root.children) {
    const { start, end: last } = positionOf(block);
    const here = asked.filter((line) => line + 1 >= start.line && line + 1 <= last.line);
    const touches = start.line === touched;
    const isText = block.type === 'paragraph' || block.type === 'heading';
    const seen = isText && !touches ? readText(block, here, reading) : undefined;
    for (const line of here) {
      visibilities.set(line, seen?.get(line) ?? (block.type === 'definition' ? 'doubtful' : 'covered'));
    }
    readNode(block, reading, false);
    touched = absorbing.has(block.type) ? last.line + 1 : undefined;
  }
  const behind = lines.slice(end).join('\n').toLowerCase();
  return {
    visibilities: asked.map((line) => visibilities.get(line) ?? 'covered'),
    open: reading.elements.open.filter((name) => !behind.includes(`</${name}`)),
  };
}

/** Blocks to which some renderers add a paragraph on the next line, without an empty line between them. */
const absorbing = new Set(['html', 'blockquote', 'list', 'footnoteDefinition', 'table']);

interface Reading {
  text: string;
  elements: Elements;
}

/**
 * The number of lines that determine the visibility of a line. At the start of a paragraph only the next line matters,
 * because it may make the line the head of a table. Inside a paragraph the whole paragraph matters.
 */
function endOfReading(lines: readonly string[], line: number): number {
  const blank = (text: string | undefined): boolean => text === undefined || /^[ \t]*$/.test(text);
  if (blank(lines[line - 1])) return line + 2;
  let end = line + 1;
  while (!blank(lines[end])) end += 1;
  return end;
}

/** The visibility of lines in a paragraph. Does not change `reading`. */
function readText(
  block: Extract<Node, { type: 'paragraph' | 'heading' }>,
  asked: readonly number[],
  { text, elements }: Reading,
): Map<number, Visibility> {
  const visibilities = new Map<number, Visibility>();
  const inside: Reading = { text, elements: { open: [...elements.open], lost: elements.lost } };
  for (const child of block.children) {
    const { start, end } = positionOf(child);
    for (const index of asked) {
      const line = index + 1;
      const begins = start.line < line || (start.line === line && start.column === 1);
      if (!begins || end.line < line || (end.line === line && end.column === 1)) continue;
      const lineStart = text.split('\n', index).reduce((sum, { length }) => sum + length + 1, 0);
      const above = text.slice(positionOf(block).start.offset, lineStart);
      const clear = child.type === 'text' && !tagLike.test(text.slice(start.offset, lineStart)) && !above.includes('$');
      if (inside.elements.open.length > 0) visibilities.set(index, 'covered');
      else visibilities.set(index, clear && !inside.elements.lost ? 'plain' : 'doubtful');
    }
    readNode(child, inside, false);
  }
  return visibilities;
}

/** Text that another renderer may treat as a tag. */
const tagLike = /<[a-z/!?]/i;

/** Applies the effect of a node on the lines below it. @param inItem Whether the node is in a list or a footnote. */
function readNode(node: Node, reading: Reading, inItem: boolean): void {
  const { start, end } = positionOf(node);
  const source = (): string => reading.text.slice(start.offset, end.offset);
  if (node.type === 'html') readHtml(reading.elements, node.value);
  // Text that looks like a tag, or the start of a formula, which may hide the text up to its end.
  else if (node.type === 'text') reading.elements.lost ||= tagLike.test(source()) || node.value.includes('$$');
  // Renderers differ in the end of a fence inside an item.
  else if (node.type === 'code') reading.elements.lost ||= inItem && /^[`~]/.test(source());
  if (!('children' in node)) return;
  const nested = inItem || node.type === 'list' || node.type === 'footnoteDefinition';
  for (const child of node.children) readNode(child, reading, nested);
}

function positionOf({ position }: Node): NonNullable<Node['position']> {
  if (!position) throw new Error('the parser did not set the position of a node');
  return position;
}
