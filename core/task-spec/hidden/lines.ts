/** What single lines of Markdown mean, as far as it is certain without a parser (CommonMark 0.31, GFM). */

/**
 * Tells for each line, asked in order, whether it is in a code block that surely is one: its fence begins in the first column,
 * so that no quote, list or comment holds it. `info` is what follows the fence that begins a block.
 */
export function codeFences(): (line: string) => { info: string } | undefined {
  let open: string | undefined;
  return (line) => {
    if (open === undefined) {
      const fence = /^(?:`{3,}|~{3,})/.exec(line)?.[0];
      const info = line.slice(fence?.length ?? 0).trimEnd();
      if (fence === undefined || (fence.startsWith('`') && info.includes('`'))) return undefined;
      open = fence;
      return { info };
    }
    const end = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line.trimEnd())?.[1];
    if (end?.startsWith(open)) open = undefined;
    return { info: '' };
  };
}

/**
 * The line with its code replaced by blanks; undefined if a mark of code in it has no partner, or begins behind
 * something that may be HTML.
 */
export function withoutCode(line: string): string | undefined {
  if (!line.includes('`')) return line;
  const tag = line.search(/<[A-Za-z/!?]/);
  if (/\\`/.test(line) || (tag >= 0 && tag < line.indexOf('`'))) return undefined;
  const runs = [...line.matchAll(/`+/g)];
  let shown = '';
  let done = 0;
  while (runs.length > 0) {
    const start = runs.shift();
    const end = runs.shift();
    // Another number of backticks does not end the code.
    if (start === undefined || end === undefined || start[0].length !== end[0].length) return undefined;
    const after = end.index + end[0].length;
    shown += line.slice(done, start.index) + ' '.repeat(after - start.index);
    done = after;
  }
  return shown + line.slice(done);
}

/** Elements that fold, hide or replace their content. */
const hiding =
  /^(?:details|template|script|style|noscript|iframe|object|textarea|input|meta|title|dialog|select|option|optgroup|datalist|audio|video|canvas|svg|math|progress|meter|pre|xmp|plaintext|noembed|noframes|head|link|base|embed|map|rp|frameset|frame|button)$/i;
const harmless = /^(?:href|src|width|height|align)$/i;

/**
 * Whether a tag hides nothing: its name is short, it does not fold, and it has no attribute with a text.
 * @param inHtml In an HTML block everything that begins like a tag is one, in other text only what is complete.
 */
export function displayedTag(tag: string, maxText: number, inHtml: boolean): boolean {
  // An address in angle brackets is displayed.
  if (!inHtml && address.test(tag)) return true;
  const [start = '', name = ''] = /^<\/?([A-Za-z][A-Za-z0-9-]*)/.exec(tag) ?? [];
  const rest = tag.slice(start.length).replace(/\/?>$/, '');
  if (hiding.test(name) || name.length > 20) return false;
  const attributes = rest.trim();
  if (attributes === '' && tag.endsWith('>')) return true;
  // Text such as `a <b, c> d` or `a <b` is no tag, unless what follows completes it.
  if (!inHtml && !/[="']/.test(rest) && !(tag.endsWith('>') && attributeNames.test(rest))) return true;
  return (
    tag.endsWith('>') &&
    attributes.split(/\s+/).every((each) => {
      const [, key = '', value = ''] = /^([A-Za-z-]+)=("[^"]*"|'[^']*'|[^\s"']+)$/.exec(each) ?? [];
      return harmless.test(key) && value.length <= maxText;
    })
  );
}
const address = /^<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[^\s<>@]+@[^\s<>@]+)>$/;
const attributeNames = /^(?:\s+[A-Za-z_:][\w:.-]*)+\s*\/?$/;

interface Table {
  columns: number;
  /** Cells of the line beyond them. */
  extra: string;
}

const delimiter = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;

/** The table that a line is part of, with what the line has beyond its columns. */
export function readTable(line: string, next: string, table: Table | undefined): Table | undefined {
  const row = inner(line);
  if (table !== undefined) {
    const extra = cells(row).slice(table.columns);
    return { columns: table.columns, extra: extra.join('|').trim() };
  }
  const under = inner(next);
  return under.includes('-') && (under.includes('|') || row.includes('|')) && delimiter.test(under)
    ? { columns: cells(under).length, extra: '' }
    : undefined;
}

/** A line without the markers of quotes and lists in front of it. */
const inner = (line: string): string =>
  line.replace(/^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)]))*[ \t]*/, '').trimEnd();

function cells(row: string): string[] {
  const trimmed = row.replace(/^\|/, '').replace(/(?<!\\)\|$/, '');
  return trimmed.split(/(?<!\\)\|/);
}
