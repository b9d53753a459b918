import hljs from 'highlight.js/lib/common';
import { coloursOfLines, type Snippet } from '../../core/diff/job.ts';
import type { Job } from '../../core/ports/runtime/thread.ts';

/** Characters that are coloured at once: a pattern that goes back over its text stays cheap. */
const maxPiece = 4_000;

/** Colours the lines of a change, in a thread: patterns read what an agent wrote. */
export const coloursJob: Job<Snippet[], (string[] | undefined)[]> = {
  ...coloursOfLines,
  run: (snippets) => snippets.map(coloured),
};

function coloured({ path, lines }: Snippet): string[] | undefined {
  const name = path.split('/').at(-1)?.toLowerCase() ?? '';
  const language = hljs.getLanguage(name.split('.').at(-1) ?? '')?.name && name.split('.').at(-1);
  if (language === undefined || language === '') return undefined;
  const out: string[] = [];
  for (let from = 0; from < lines.length; ) {
    let to = from;
    for (let size = 0; to < lines.length && size < maxPiece; to++) size += (lines[to]?.length ?? 0) + 1;
    const html = hljs.highlight(lines.slice(from, to).join('\n'), { language, ignoreIllegals: true }).value;
    const pieces = splitLines(html);
    if (pieces.length !== to - from || !pieces.every(isSafe)) return undefined;
    out.push(...pieces);
    from = to;
  }
  return out;
}

/** Splits at line ends; elements that are open at one are closed, and opened again on the next line. */
function splitLines(html: string): string[] {
  const open: string[] = [];
  return html.split('\n').map((line) => {
    const start = open.join('');
    for (const [tag] of line.matchAll(/<span[^>]*>|<\/span>/g)) {
      if (tag === '</span>') open.pop();
      else open.push(tag);
    }
    return `${start}${line}${'</span>'.repeat(open.length)}`;
  });
}

/** Only text, escaped, and elements with a class: the pages insert these lines as they are. */
const isSafe = (html: string): boolean =>
  /^(?:[^<>&"']|&(?:amp|lt|gt|quot|#x27);|<span class="[a-z_ -]{1,80}">|<\/span>)*$/.test(html);
