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

const fenceMark = /^ {0,3}(`{3,}|~{3,})/;
/** A definition of a link: `[label]: target "title"`. It is not displayed. */
const definition = /^ {0,3}\[([^\]\n]{1,200})\]:[ \t]{0,20}(\S{0,2000})(.{0,2000})/;
const alt = /!\[([^\]\n]{1,2000})\]\(/;
const title = /\]\([^()\n"]{0,500}"([^"\n]{1,2000})"\)/;
/** Elements that fold, hide or replace their content, and attributes that no reader sees. */
const element =
  /<(?:details|template|script|style|noscript|iframe|object|textarea|input|meta|title)\b[^>\n]{0,500}|<\w{1,20}\s[^>\n]{0,500}\b(?:hidden|style|title|alt|aria-label|data-\w{1,40})\b[^>\n]{0,500}/i;

/**
 * HTML comments, definitions of links that nothing uses or that carry text, long descriptions of pictures and links,
 * elements that fold or hide. Code blocks are displayed as they are.
 */
export function hiddenContent(text: string): HiddenContent[] {
  const found: HiddenContent[] = [];
  let offset = 0;
  let fence: string | undefined;
  let comment: HiddenContent | undefined;
  const mentions = mentionsIn(text);
  for (const line of text.split('\n')) {
    const mark = fenceMark.exec(line)?.[1];
    if (comment) comment = continued(comment, line, found);
    else if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
    } else if (mark !== undefined) fence = mark;
    else comment = readLine(line, offset, mentions, found);
    if (found.length >= maxFound) return found.slice(0, maxFound);
    offset += line.length + 1;
  }
  return comment ? [...found, comment] : found;
}

/** The comment, if it goes on in the next line. */
function continued(comment: HiddenContent, line: string, found: HiddenContent[]): HiddenContent | undefined {
  const end = line.indexOf('-->');
  const more = `${comment.text} ${end < 0 ? line : line.slice(0, end)}`.slice(0, 500);
  if (end < 0) return { ...comment, text: more };
  found.push({ ...comment, text: more });
  return undefined;
}

/** Reads a line outside code; returns a comment that it begins and does not end. */
function readLine(
  line: string,
  offset: number,
  mentions: Map<string, number>,
  found: HiddenContent[],
): HiddenContent | undefined {
  // Code within the line is displayed.
  const shown = line.replace(/`[^`]*`/g, (code) => ' '.repeat(code.length));
  const add = (what: string, at: number, content: string | undefined): number =>
    found.push({ what, offset: offset + at, text: content ?? '' });
  for (let at = shown.indexOf('<!--'); at >= 0; ) {
    const end = shown.indexOf('-->', at + 4);
    if (end < 0) return { what: 'an HTML comment', offset: offset + at, text: line.slice(at + 4) };
    add('an HTML comment', at, line.slice(at + 4, end));
    at = shown.indexOf('<!--', end + 3);
  }
  const [whole, label = '', target = '', rest = ''] = definition.exec(shown) ?? [];
  if (
    whole !== undefined &&
    (target === '#' || target === '<>' || /["'(]/.test(rest) || (mentions.get(label) ?? 0) < 2)
  )
    add('the definition of a link', 0, `${label} ${target}${rest}`);
  const pictured = alt.exec(shown);
  if (pictured && (pictured[1]?.length ?? 0) > maxAside)
    add('the description of a picture', pictured.index, pictured[1]);
  const titled = title.exec(shown);
  if (titled && (titled[1]?.length ?? 0) > maxAside) add('the title of a link', titled.index, titled[1]);
  const tag = element.exec(shown);
  if (tag) add('an HTML element that folds or hides text', tag.index, tag[0]);
  return undefined;
}

/** How often each label stands in brackets. */
function mentionsIn(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, label = ''] of text.matchAll(/\[([^\][\n]{1,200})\]/g)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
