/**
 * Which lines of a comment a reader sees as the writer's own words. GitHub renders comments as Markdown with HTML in it;
 * reading that exactly takes a whole parser, so this is a careful approximation: what may be hidden, quoted or code is
 * never called plain, and what it cannot tell is called doubtful.
 */

/** `plain`: shown, in the writer's name. `covered`: in a quote, code, list, table or HTML. `doubtful`: cannot be told. */
type Sight = 'plain' | 'covered' | 'doubtful';

interface Reading {
  fence: string | undefined;
  /** Open elements, outermost first. */
  elements: string[];
  /** Inside an HTML comment that began at the start of a line. */
  comment: boolean;
  /** From here on it cannot be told any more. */
  lost: boolean;
  paragraph: Paragraph;
}

/** Lines without an empty one between them: what stands above a line may go on in it. */
interface Paragraph {
  /** A quote, list or table: the next line belongs to it. */
  covered: boolean;
  /** Code spans, links or tags may reach over the line's end. */
  markup: boolean;
  /** Begins like an HTML block, in which Markdown is not read. */
  html: boolean;
  /** A code span may be open. */
  backtick: boolean;
}

const fresh = (): Paragraph => ({ covered: false, markup: false, html: false, backtick: false });
const fenceOpening = /^(?:`{3,}(?=[^`]*$)|~{3,})/;
const fenceLike = /^[ \t]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*(?:`{3}|~{3})/;
const quoteOrList = /^(?:>|[-+*](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$))/;
const table = /\||^:-/;
/** The line under a table's head. */
const tableRule = /^(?=.*-)[ \t|:-]+$/;
const markup = /^[ \t]|[`<[~$]/;
const startOfHtml = /^ {0,3}</;
const codeSpan = /(?<!`)(`+)(?!`)[^`]*(?<!`)\1(?!`)/g;
const tag = /<(\/?)([a-z][a-z0-9-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)(>?)/gi;
/** They have no content, and so hide none. */
const empty = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;
/** Nothing in them is read as Markdown, across empty lines too. */
const raw = /^(?:pre|script|style|textarea)$/;
const maxElements = 100;

/** How each line of a text is seen, and the elements still open at its end. Lines end at line feeds. */
export function readSight(text: string): { lines: { text: string; sight: Sight }[]; open: string[] } {
  const reading: Reading = { fence: undefined, elements: [], comment: false, lost: false, paragraph: fresh() };
  const lines = text.split('\n').map((line) => ({ text: line, sight: readLine(reading, line) }));
  for (const [at, line] of lines.entries()) {
    if (line.text.includes('|') && tableRule.test(lines[at + 1]?.text ?? '')) line.sight = 'covered';
  }
  return { lines, open: reading.elements };
}

function readLine(reading: Reading, line: string): Sight {
  if (reading.fence !== undefined) {
    const closing = /^ {0,3}(`+|~+)[ \t]*$/.exec(line)?.[1];
    if (closing?.startsWith(reading.fence)) {
      reading.fence = undefined;
      reading.paragraph = fresh();
    }
    return 'covered';
  }
  if (reading.comment) {
    const end = line.indexOf('-->');
    if (end >= 0) {
      reading.comment = false;
      reading.paragraph.covered = true;
      readTags(reading, line.slice(end + 3), false);
    }
    return 'covered';
  }
  if (/^[ \t]*$/.test(line)) {
    reading.paragraph = fresh();
    return 'covered';
  }
  const { elements, paragraph } = reading;
  const opening = fenceOpening.exec(line)?.[0];
  if (opening !== undefined && !paragraph.html && !elements.some((element) => raw.test(element))) {
    reading.fence = opening;
    return 'covered';
  }
  if (fenceLike.test(line)) reading.lost = true;
  paragraph.covered ||= quoteOrList.test(line);
  const startsHtml = startOfHtml.test(line);
  const covered = elements.length > 0 || paragraph.covered || paragraph.html || startsHtml;
  const doubtful = reading.lost || paragraph.markup || /^[ \t]/.test(line);
  readTags(reading, line, !paragraph.html);
  paragraph.covered ||= table.test(line);
  paragraph.html ||= startsHtml;
  paragraph.markup ||= markup.test(line);
  return covered ? 'covered' : doubtful ? 'doubtful' : 'plain';
}

/** @param block Whether an HTML comment at the start of the line is a block, which only its end ends. */
function readTags(reading: Reading, line: string, block: boolean): void {
  const { paragraph, elements } = reading;
  // Spans of code hold no tags. With a backtick left over it is not clear what is a span.
  const spanless = line.replace(/^(?: {0,3}> ?)+/, '').replace(codeSpan, '');
  const inHtml = paragraph.html || startOfHtml.test(line);
  paragraph.backtick ||= (inHtml ? line : spanless).includes('`') || line.includes('\\`');
  const text = paragraph.backtick ? line : spanless;
  let html = '';
  for (let at = 0; at < text.length; ) {
    const start = text.indexOf('<!--', at);
    html += text.slice(at, start < 0 ? undefined : start);
    if (start < 0) break;
    const end = text.indexOf('-->', start + 4);
    if (
      /^<!---?>/.test(text.slice(start, start + 6)) ||
      paragraph.backtick ||
      elements.some((name) => raw.test(name))
    ) {
      reading.lost = true;
    }
    if (end < 0) {
      // One that begins inside a line may be none, if its paragraph does not hold its end.
      if (block && start === 0 && line.startsWith('<!--')) reading.comment = true;
      else reading.lost = true;
    }
    at = end < 0 ? text.length : end + 3;
  }
  if (/<[!?]/.test(html) || line.includes('\\<')) reading.lost = true;
  const before = elements.length;
  const unclearLine = paragraph.backtick || /^(?: {4}|\t)|\][(:]/.test(line);
  for (const { 1: slash, 2: name = '', 3: attributes = '', 4: end, index } of html.matchAll(tag)) {
    // `<https://…>` and `<a@b.c>` are links where Markdown is read.
    if (/^[:@]/.test(attributes)) {
      reading.lost ||= !block || (index > 0 && inHtml);
      continue;
    }
    // A tag over two lines, one in another's attribute, in code or in a link's title: it is not clear what it does.
    if (unclearLine || end === '' || attributes.includes('<')) reading.lost = true;
    if (slash === '') open(reading, name.toLowerCase());
    else if (!close(reading, name.toLowerCase(), index === 0 ? 0 : before)) reading.lost = true;
  }
}

function open(reading: Reading, name: string): void {
  if (empty.test(name)) return;
  if (reading.elements.length < maxElements) reading.elements.push(name);
  else reading.lost = true;
}

/** Believed for the innermost element, at the start of a line or for what the same line opened: from `least` on. */
function close({ elements }: Reading, name: string, least: number): boolean {
  if (!elements.includes(name)) return true;
  const believed = elements.at(-1) === name && elements.length > least;
  if (believed) elements.pop();
  return believed;
}
