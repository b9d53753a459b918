import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

/** UTF-16 code units. This and the next three limits bound the cost of hostile Markdown; ADR 13 has the figures. */
const maxLength = 20_000;
/** Maximum number of lines: the parser takes quadratic time for many small blocks. */
const maxLines = 1_000;
/** Maximum number of quote and list markers in one line; the parser recurses once per marker. */
const maxDepth = 32;
/** Maximum number of characters that may open a link, tag or deletion, in lines without an empty line between them. */
const maxMarks = 500;

const container = /[ \t]*(?:>|[-+*]|\d{1,9}[.)])/y;
const mark = /[[\]<~]/g;

export type Root = ReturnType<typeof fromMarkdown>;
export type Node = Root['children'][number];

/** Emphasis is not parsed, because it hides nothing and has the most inputs with quadratic parse time. */
const extensions = [gfm(), { disable: { null: ['attention'] } }];
const mdastExtensions = [gfmFromMarkdown()];

/** GitHub's Markdown as a tree, without emphasis. Undefined if the text exceeds a limit. */
export function parseMarkdown(text: string): Root | undefined {
  if (text.length > maxLength) return undefined;
  const lines = text.split('\n');
  if (lines.length > maxLines) return undefined;
  let marks = 0;
  for (const line of lines) {
    marks = line.trim() === '' ? 0 : marks + (line.match(mark)?.length ?? 0);
    if (marks > maxMarks || depthOf(line) > maxDepth) return undefined;
  }
  return fromMarkdown(text, { extensions, mdastExtensions });
}

function depthOf(line: string): number {
  let depth = 0;
  container.lastIndex = 0;
  while (container.test(line)) depth += 1;
  return depth;
}
