/** The HTML elements that are open at a point of a comment, as far as it can be told. */
export interface Elements {
  /** Names, outermost first. */
  open: string[];
  /** From here on it cannot be told which elements are open. */
  lost: boolean;
}

/** A comment's start, another declaration or instruction, or a tag up to its end. */
const token = /<!--|<[!?]|<(\/?)([a-z][a-z0-9-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)(>?)/gi;
/** They have no content, and so hide none. */
const empty = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;
/** Where a host lets them through, tags inside of them are text. */
const raw = /^(?:script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext)$/;
const maxElements = 100;

/** Reads the tags of a piece of HTML, which Markdown passes on as it is. */
export function readHtml(elements: Elements, html: string): void {
  const before = elements.open.length;
  // Renderers may take a fence in HTML for code.
  if (/`{3}|~{3}/.test(html)) elements.lost = true;
  token.lastIndex = 0;
  for (let found = token.exec(html); found !== null; found = token.exec(html)) {
    const [all, slash, name, attributes = '', end] = found;
    if (all === '<!--') {
      const close = html.indexOf('-->', token.lastIndex);
      // For a browser `<!-->` is a whole comment, and one that is never closed hides all that follows.
      if (close < 0 || /^<!---?>/.test(html.slice(found.index, found.index + 6))) elements.lost = true;
      token.lastIndex = close < 0 ? html.length : close + 3;
    } else if (name === undefined) elements.lost = true;
    else readTag(elements, { slash, name: name.toLowerCase(), attributes, end }, found.index === 0 ? 0 : before);
  }
}

interface Tag {
  slash: string | undefined;
  name: string;
  attributes: string;
  end: string | undefined;
}

function readTag(elements: Elements, { slash, name, attributes, end }: Tag, min: number): void {
  // A tag that does not end here, with another in its attribute, or with a longer name: it is not clear what it does.
  if (end === '' || attributes.includes('<') || !/^(?:[\s/]|$)/.test(attributes)) elements.lost = true;
  if (slash === '') {
    if (elements.open.some((outer) => raw.test(outer))) elements.lost = true;
    open(elements, name);
  } else if (!close(elements, name, min)) elements.lost = true;
}

function open(elements: Elements, name: string): void {
  if (empty.test(name)) return;
  if (elements.open.length < maxElements) elements.open.push(name);
  else elements.lost = true;
}

/** Believed for the innermost element, at the start of the piece or for what the same piece opened: from `min` on. */
function close({ open: names }: Elements, name: string, min: number): boolean {
  if (!names.includes(name)) return true;
  const believed = names.at(-1) === name && names.length > min;
  if (believed) names.pop();
  return believed;
}
