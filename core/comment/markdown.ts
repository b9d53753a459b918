import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

/** UTF-16 units. With the two limits below this bounds what hostile Markdown costs: see ADR 13 for the figures. */
const maxLength = 20_000;
/** Markers of quotes and lists in one line. The parser calls itself for each. */
const maxDepth = 32;
/** Characters that may open a link, a tag or a deletion, in lines without an empty one between them. */
const maxMarks = 500;

const container = /[ \t]*(?:>|[-+*]|\d{1,9}[.)])/y;
const mark = /[[\]<~]/g;

export type Root = ReturnType<typeof fromMarkdown>;
export type Node = Root['children'][number];

/** Emphasis hides nothing, and it is what takes quadratic time in the largest number of ways. */
const extensions = [gfm(), { disable: { null: ['attention'] } }];
const mdastExtensions = [gfmFromMarkdown()];

/** GitHub's Markdown as a tree, without emphasis. Undefined where it is too long, too deep or too dense to be read. */
export function parseMarkdown(text: string): Root | undefined {
  if (text.length > maxLength) return undefined;
  let marks = 0;
  for (const line of text.split('\n')) {
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
