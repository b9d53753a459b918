import type { Fault } from './text.ts';

/** Specs with these names are Markdown with front matter; every other name is YAML. */
export const isMarkdown = (file: string): boolean => /\.(?:md|markdown)$/i.test(file);

/** Front matter and body of a Markdown spec, with their offsets in the file. */
interface MarkdownParts {
  yaml: string;
  start: number;
  body: { text: string; start: number };
}

/**
 * Splits `---`, YAML, `---`, body.
 * @param what What the file is, for messages.
 */
export function splitMarkdown(text: string, what = 'Markdown spec'): MarkdownParts | { fault: Fault } {
  const open = /^---[ \t]*\r?\n/.exec(text);
  if (!open) {
    return {
      fault: {
        rule: 'front-matter',
        message: `A ${what} must begin with front matter: a line "---", its fields, a line "---".`,
        offset: 0,
      },
    };
  }
  const start = open[0].length;
  const rest = text.slice(start);
  const close = /^---[ \t]*(?:\r?\n|$)/m.exec(rest);
  if (!close) {
    return { fault: { rule: 'front-matter', message: 'The front matter has no closing line "---".', offset: 0 } };
  }
  const bodyStart = start + close.index + close[0].length;
  const body = text.slice(bodyStart);
  const blank = /^\s*/.exec(body)?.[0].length ?? 0;
  return {
    yaml: rest.slice(0, close.index),
    start,
    body: { text: body, start: bodyStart + (blank === body.length ? 0 : blank) },
  };
}
