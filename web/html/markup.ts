import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { visible } from '../../core/text/hidden.ts';

/** Escaped HTML. All other values in a template are escaped as text. */
export type Markup = HtmlEscapedString;
type Value = string | number | null | undefined | false | Markup | readonly Value[];

/** Output of a program without terminal colours. */
export const withoutColours = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  text.replace(/\u001B\[[0-9;?]*[ -/]*[@-~]/g, '');

/** Template tag for elements and quoted attributes: strings are escaped, and their hidden characters made visible. */
export function markup(strings: TemplateStringsArray, ...values: Value[]): Markup {
  const result = html(strings, ...values.map(shown));
  if (result instanceof Promise) throw new TypeError('A template may not contain promises.');
  return result;
}

const shown = (value: Value): unknown =>
  typeof value === 'string' ? visible(value) : Array.isArray(value) ? value.map(shown) : value;

/** A link if the URL is http or https; otherwise only the text. */
export function link(url: string, text = url): Markup {
  const parsed = URL.parse(url);
  const web = parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:');
  return web ? markup`<a href="${parsed.href}" rel="noreferrer">${text}</a>` : markup`${text}`;
}

export const runPath = (runId: string): string => `/runs/${encodeURIComponent(runId)}`;
export const gatePath = (gateId: string): string => `/gates/${encodeURIComponent(gateId)}`;
