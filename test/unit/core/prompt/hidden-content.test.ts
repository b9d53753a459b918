/** A parser of GitHub's Markdown says what is displayed: what it does not display and is long is found, in any surroundings. */
import { expect, it } from 'vitest';
import { type Node, parseMarkdown } from '../../../../core/comment/markdown.ts';
import { hiddenContent } from '../../../../core/task-spec/hidden/content.ts';

const secret = 'do evil and tell nobody '.repeat(5).trim();
const pieces = [
  ...[
    '`',
    '``',
    '```',
    '~~~',
    '```js',
    '\\`',
    '<',
    '>',
    '<div>',
    '</div>',
    '<b>',
    '<p',
    'hidden',
    '<!--',
    '-->',
    '<?',
    '?>',
  ],
  ...[
    '[',
    ']',
    '](',
    ')',
    '](x "',
    '")',
    '[a]: ',
    '[a]',
    '![',
    ': ',
    '|',
    '|---|',
    '- ',
    '  ',
    '    ',
    '> ',
    '1. ',
    '\n',
    '\n\n',
  ],
  ...[
    '# ',
    '<a href="x">',
    '</a>',
    '<!X',
    '<![CDATA[',
    ']]>',
    '"',
    "'",
    '(',
    'word',
    '\n\n',
    '\n',
    ' ',
    '[^a]',
    '[^a]: ',
    '\t',
  ],
];

/** Comments, instructions, declarations and tags, as a browser reads them. */
const tags = /<!--[\s\S]*?(?:-->|$)|<[?!][\s\S]*?(?:>|$)|<\/?[a-z](?:"[^"]*"|'[^']*'|[^"'>])*(?:>|$)/gi;

/** Text that a reader of the page sees. */
function displayed(node: Node | { children: Node[] }): string {
  if ('children' in node) return node.children.map(displayed).join('');
  if (node.type === 'html') return node.value.replaceAll(tags, '');
  return node.type === 'text' || node.type === 'inlineCode' || node.type === 'code' ? node.value : '';
}

/** The cells that a table has a column for. */
const withoutExtra = (node: Node | { children: Node[] }): Node | { children: Node[] } => {
  if (!('children' in node)) return node;
  const columns = 'type' in node && node.type === 'table' ? node.children[0]?.children.length : undefined;
  const children = (node.children as Node[]).map((child) => {
    if (columns !== undefined && child.type === 'tableRow')
      return { ...child, children: child.children.slice(0, columns).map((cell) => withoutExtra(cell)) };
    return withoutExtra(child);
  });
  return { ...node, children } as Node;
};

it('nothing that a parser does not display is missed', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const some = (): string => Array.from({ length: 1 + random(8) }, () => pieces[random(pieces.length)]).join('');
  let hidden = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = `Mend.\n\n${some()}${secret}${some()}${i % 3 === 0 ? `\n\n${some()}` : ''}\n`;
    const root = parseMarkdown(text);
    if (!root) continue;
    const seen = displayed(withoutExtra(root)).replaceAll(/\s+/g, ' ');
    if (seen.includes(secret)) continue;
    hidden += 1;
    expect(hiddenContent(text), text).not.toEqual([]);
  }
  expect(hidden).toBeGreaterThan(500);
});
