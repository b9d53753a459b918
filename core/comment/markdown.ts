import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

/**
 * UTF-16 units. Together with the two limits below, this bounds the cost of hostile Markdown; figures are in ADR 13.
 */
const maxLength = 20_000;
/** Limit for markers of quotes and lists in one line: the parser recurses for each. */
const maxDepth = 32;
/** Limit for characters that may open a link, a tag or a deletion, in lines without an empty line between them. */
const maxMarks = 500;

const container = /[ \t]*(?:>|[-+*]|\d{1,9}[.)])/y;
const mark = /[[\]<~]/g;

export type Root = ReturnType<typeof fromMarkdown>;
export type Node = Root['children'][number];

/** Emphasis hides nothing, and its parsing takes quadratic time in most of the hostile cases. */
const extensions = [gfm(), { disable: { null: ['attention'] } }];
const mdastExtensions = [gfmFromMarkdown()];

/** GitHub's Markdown as a tree, without emphasis. `undefined` if the text exceeds a limit. */
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
