import { codeFences, displayedTag, readTable, withoutCode } from './lines.ts';

/** Text of a Markdown document that its rendered form does not show, and that an agent reads. */
export interface HiddenContent {
  what: string;
  /** Offset in the text. */
  offset: number;
  text: string;
}

/** A hostile document could have thousands. */
const maxFound = 20;
/** Longer than what describes a picture or a link; a page shows these texts only where the pointer rests, if at all. */
const maxAside = 60;
/** Longer than most addresses. */
const maxAddress = 200;
/** Characters of lines without an empty line between them that are read together. */
const maxBlock = 20_000;
/** Characters of a picture that are read to find the end of its description. */
const maxPicture = 1_000;

/** Markers of quotes, lists and notes in front of a line. */
const containers = '(?:[ \\t]{0,20}(?:>|[-+*]|\\d{1,9}[.)]|\\[\\^[^\\]\\n]{1,99}\\]:)){0,20}[ \\t]{0,20}';
/** A definition of a link: `[label]: target "title"`. It is not displayed. */
const definition = new RegExp(`^${containers}\\[([^\\]\\n]{1,999})\\]:[ \\t]{0,20}(\\S{0,2000})(.{0,2000})`);
/** A line that may begin a code block in a quote, list or comment. */
const fenceStart = new RegExp(`^${containers}(?:\`{3,}|~{3,})(.{0,2000})`);
/** The end of a label that began in an earlier line. */
const endOfLabel = /^[^[\]]{0,999}\]:/;
const target = /\]\(\s{0,20}([^)]{1,2000})/g;
/** Comments, instructions, declarations; the rest of an element is decided by its name and attributes. */
const markup = /<(?:!--|\?|!|\/?[A-Za-z][^<>]{0,2000}>?)/g;
/** The start of an HTML block, in which Markdown is not read. It ends with an empty line, or with a mark of its own. */
const htmlBlock = new RegExp(`^${containers}<(?:[A-Za-z/!?])`);
const ownEnds: [start: RegExp, end: string][] = [
  [/<!--/, '-->'],
  [/<\?/, '?>'],
  [/<!\[CDATA\[/, ']]>'],
  [/<(?:pre|script|style|textarea)\b/i, '</'],
];

/**
 * Comments and other HTML that is not displayed, definitions of links that nothing uses or that carry text, long
 * descriptions, titles and addresses, cells that a table has no column for, and words behind the start of a code block.
 * It has no parser and is strict: only what surely is code counts as displayed code.
 */
export function hiddenContent(text: string): HiddenContent[] {
  const lines = text.split('\n');
  const mentions = mentionsIn(text);
  const fences = codeFences();
  const found: HiddenContent[] = [];
  let offset = 0;
  /** Lines since the last empty line or code block, with code replaced by blanks. */
  let block = '';
  let blockOffset = 0;
  /** What ends the HTML block that the line is in. */
  let html: string | undefined;
  /** Whether each mark of code in the lines of the block has its partner. */
  let paired = true;
  let hasHtml = false;
  let table: ReturnType<typeof readTable>;
  const add = (what: string, at: number, hidden = ''): void => {
    if (found.length < 10 * maxFound) found.push({ what, offset: at, text: hidden });
  };
  const finish = (): void => {
    readBlock(block, blockOffset, hasHtml, add);
    block = '';
    paired = true;
    hasHtml = html !== undefined;
    table = undefined;
  };
  for (const [i, line] of lines.entries()) {
    if (found.length >= maxFound) break;
    const isEmpty = line.trim() === '';
    const fence = html === undefined ? fences(line) : undefined;
    if (fence !== undefined) {
      finish();
      readInfo(fence.info, offset, add);
    } else if (isEmpty) {
      if (html === '') html = undefined;
      finish();
    } else {
      if (html === undefined && htmlBlock.test(line)) html = ownEnds.find(([start]) => start.test(line))?.[1] ?? '';
      hasHtml ||= html !== undefined;
      const code: string | undefined = html === undefined && paired ? withoutCode(line) : undefined;
      paired &&= code !== undefined;
      const shown = code ?? line;
      readInfo(fenceStart.exec(line)?.[1] ?? '', offset, add);
      readLine(shown, lines[i + 1] ?? '', offset, mentions, add);
      table = readTable(shown, lines[i + 1] ?? '', table);
      if (table && table.extra !== '') add('a cell beyond the columns of its table', offset, table.extra);
      if (block === '') blockOffset = offset;
      if (block.length < maxBlock) block += `${shown}\n`;
      if (html !== undefined && html !== '' && line.includes(html)) html = '';
    }
    offset += line.length + 1;
  }
  finish();
  return found.sort((a, b) => a.offset - b.offset).slice(0, maxFound);
}

type Add = (what: string, at: number, hidden?: string) => void;

/** The words behind the start of a code block: a language and settings. */
function readInfo(info: string, offset: number, add: Add): void {
  if (info.length > maxAside || info.trim().split(/\s+/).length > 3)
    add('what follows the start of a code block', offset, info);
}

function readLine(shown: string, next: string, offset: number, mentions: Map<string, number>, add: Add): void {
  const [whole, label = '', address = '', rest = ''] = definition.exec(shown) ?? [];
  const isUsed = (mentions.get(label) ?? 0) >= 2;
  // The text of a note is displayed at the end of the page, if something refers to it.
  if (whole !== undefined && !(label.startsWith('^') && isUsed)) {
    const titled = /["'(]/.test(rest) || /^\s*["'(]/.test(next) || address === '';
    if (
      address === '#' ||
      address === '<>' ||
      titled ||
      !isUsed ||
      label.length > maxAside ||
      address.length > maxAddress
    )
      add('the definition of a link', offset, `${label} ${address}${rest}`);
  } else if (whole === undefined && endOfLabel.test(shown)) add('the definition of a link', offset, shown);
}

/** What can begin in one line and end in another. */
function readBlock(block: string, offset: number, hasHtml: boolean, add: Add): void {
  let read = 0;
  for (const { 0: tag, index } of block.matchAll(markup)) {
    if (index < read) continue; // in a comment
    const at = offset + index;
    if (tag === '<!--') {
      const end = block.indexOf('-->', index + 4);
      read = end < 0 ? block.length : end;
      add('an HTML comment', at, block.slice(index + 4, read).slice(0, 500));
    } else if (/^<[!?]/.test(tag)) add('HTML that is not displayed', at, block.slice(index, index + 500));
    else if (!displayedTag(tag, maxAside, hasHtml))
      add('an HTML element that folds or hides text', at, tag.slice(0, 500));
  }
  for (let at = block.indexOf('!['); at >= 0; at = block.indexOf('![', at + 2)) {
    const described = bracketed(block.slice(at + 1, at + maxPicture));
    if (described.length > maxAside) add('the description of a picture', offset + at, described);
  }
  for (const { 1: inside = '', index } of block.matchAll(target)) {
    const end = inside.startsWith('<') ? inside.indexOf('>') + 1 : inside.search(/\s/);
    const [address, title] = end <= 0 ? [inside, ''] : [inside.slice(0, end), inside.slice(end).trim()];
    if (title.length > maxAside) add('the title of a link', offset + index, title);
    else if (address.length > maxAddress || (address.length > maxAside && /\s|%20|\+/.test(address)))
      add('the address of a link', offset + index, address);
  }
}

/** What stands between a bracket and its partner; all of the text if that has none. */
function bracketed(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '[') depth += 1;
    else if (character === ']' && --depth === 0) return text.slice(1, at);
  }
  return text.includes('](') || text.includes('][') ? text.slice(1) : '';
}

/** How often each label stands in brackets. */
function mentionsIn(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, label = ''] of text.matchAll(/\[([^\][\n]{1,200})\]/g)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
