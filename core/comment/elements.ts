/** The HTML elements that are open at a position of a comment, as far as known. */
export interface Elements {
  /** Names, outermost first. */
  open: string[];
  /** From here on it is unknown which elements are open. */
  lost: boolean;
}

/** The start of a comment, another declaration or instruction, or a whole tag. */
const token = /<!--|<[!?]|<(\/?)([a-z][a-z0-9-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)(>?)/gi;
/** Elements without content, which cannot hide text. */
const empty = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;
/** Elements in which browsers treat tags as text. */
const raw = /^(?:script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext)$/;
const maxElements = 100;

/** Updates `elements` with the tags of a piece of HTML, which Markdown does not change. */
export function readHtml(elements: Elements, html: string): void {
  const before = elements.open.length;
  // Some renderers treat a fence in HTML as code.
  if (/`{3}|~{3}/.test(html)) elements.lost = true;
  token.lastIndex = 0;
  for (let found = token.exec(html); found !== null; found = token.exec(html)) {
    const [all, slash, name, attributes = '', end] = found;
    if (all === '<!--') {
      const close = html.indexOf('-->', token.lastIndex);
      // A browser treats `<!-->` as a whole comment. An unclosed comment hides all text after it.
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

function readTag(elements: Elements, { slash, name, attributes, end }: Tag, minOpen: number): void {
  // The effect of a tag is unclear if it does not end here, contains another tag, or has a longer name.
  if (end === '' || attributes.includes('<') || !/^(?:[\s/]|$)/.test(attributes)) elements.lost = true;
  if (slash === '') {
    if (elements.open.some((outer) => raw.test(outer))) elements.lost = true;
    open(elements, name);
  } else if (!close(elements, name, minOpen)) elements.lost = true;
}

function open(elements: Elements, name: string): void {
  if (empty.test(name)) return;
  if (elements.open.length < maxElements) elements.open.push(name);
  else elements.lost = true;
}

/**
 * Closes the innermost element. An end tag elsewhere in a piece may only close what the same piece opened.
 * @param minOpen Number of elements that must stay open.
 * @returns Whether the effect of the end tag is clear.
 */
function close({ open: names }: Elements, name: string, minOpen: number): boolean {
  if (!names.includes(name)) return true;
  const clear = names.at(-1) === name && names.length > minOpen;
  if (clear) names.pop();
  return clear;
}
