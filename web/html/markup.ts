import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

/** Escaped HTML. Everything else that is put into a template is text. */
export type Markup = HtmlEscapedString;
type Value = string | number | null | undefined | false | Markup | readonly Value[];

/**
 * Characters that a reader cannot see or that reorder what is seen: controls but for tab and line feed, format
 * characters (bidirectional, zero-width, tags), line separators, lone surrogates, blank letters, variation selectors.
 */
const unseen = /[^\P{Cc}\t\n]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Cs}|[\u115F\u1160\u3164\uFFA0]|\u034F|[\u{E0100}-\u{E01EF}]/gu;

/**
 * Text from outside as a person has to see it before deciding: what would be invisible is shown as its code point.
 * Taking it out instead, as a prompt does, would hide from a reviewer that it is there.
 */
export const visible = (text: string): string =>
  text
    .replace(/\r\n/g, '\n')
    .replace(unseen, (c) => `⟨U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);

/** Output of a program without its terminal colours, which say nothing on a page. */
export const withoutColours = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  text.replace(/\u001B\[[0-9;?]*[ -/]*[@-~]/g, '');

/** Template tag: strings are made visible and escaped, in elements and in quoted attributes. */
export function markup(strings: TemplateStringsArray, ...values: Value[]): Markup {
  const made = html(strings, ...values.map(shown));
  if (made instanceof Promise) throw new TypeError('A page is made of text that is there, not of promises.');
  return made;
}

const shown = (value: Value): unknown =>
  typeof value === 'string' ? visible(value) : Array.isArray(value) ? value.map(shown) : value;

/** A link where the address is one that a browser may open; elsewhere its text alone. */
export function link(url: string, text = url): Markup {
  const parsed = URL.parse(url);
  const web = parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:');
  return web ? markup`<a href="${parsed.href}" rel="noreferrer">${text}</a>` : markup`${text}`;
}

export const runPath = (runId: string): string => `/runs/${encodeURIComponent(runId)}`;
export const gatePath = (gateId: string): string => `/gates/${encodeURIComponent(gateId)}`;
