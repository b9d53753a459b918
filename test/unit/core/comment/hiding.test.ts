import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault, readCommand } from '../../../../core/comment/command.ts';
import { readHtml } from '../../../../core/comment/elements.ts';
import { parseMarkdown } from '../../../../core/comment/markdown.ts';

const command = '/drydock approve';
/** Lines that stay what they are inside of any structure: nothing in them ends it. */
const word = fc.constantFrom(
  'a',
  '**b**',
  '*c*',
  '_d_',
  'Map',
  '1',
  '',
  '  e',
  '# f',
  '[g](h)',
  '&#47;',
  '\\\\',
  '~i~',
  '$',
  '!',
);
const lines = fc.array(word, { maxLength: 4 });
/** Whole blocks that hide nothing below them. */
const before = fc.array(
  fc.constantFrom(
    'Good.',
    '# Head',
    '> quoted',
    '- item',
    '1. item',
    '```\ncode\n```',
    '<!-- note -->',
    '| a |\n| - |\n| 1 |',
    '<b>x</b>',
    '***',
  ),
  { maxLength: 3 },
);
const after = fc.array(fc.constantFrom('', 'More.', '- item', '> quoted', '```', '</div>', '-->', '`'), {
  maxLength: 3,
});

/** Each puts the command where a reader does not see it as the writer's own plain text. */
const hidings: Record<string, (inside: string[]) => string[]> = {
  'a quote': (inside) => [...inside, command].map((line) => `> ${line}`),
  'a quote in a quote': (inside) => [...inside, command].map((line) => `> > ${line}`),
  'a quote that goes on without its mark': () => ['> a', command],
  'a list': (inside) => ['- a', ...[...inside, command].map((line) => `  ${line}`)],
  'a numbered list': (inside) => ['1. a', ...[...inside, command].map((line) => `   ${line}`)],
  'a list that goes on': () => ['- a', command],
  'a list in a quote': () => ['> - a', command],
  'a task list': () => ['- [ ] a', command],
  'a fence of backticks': (inside) => ['```', ...inside, command, '```'],
  'a fence of tildes': (inside) => ['~~~ js', ...inside, command, '~~~'],
  'indented code': (inside) => ['', ...[...inside.filter((line) => line !== ''), command].map((line) => `    ${line}`)],
  'a row of a table': () => ['| a | b |', '| - | - |', command],
  'the head of a table': () => [`${command} | b`, '--- | ---'],
  'a footnote': (inside) => ['[^1]: a', ...[...inside, command].map((line) => `    ${line}`)],
  'a footnote that goes on': () => ['[^1]: a', command],
  'a line that touches a quote': () => ['> # a', command],
  'a line that touches HTML in a quote': () => ['> <br>', command],
  'a comment': (inside) => ['<!-- a', ...inside, command, '-->'],
  'an element': (inside) => ['<div>', ...inside.filter((line) => line !== ''), command, '</div>'],
  'an element of blocks': (inside) => ['<details>', '', ...inside, '', command, '', '</details>'],
  'an element inside a line': () => ['a <span hidden>b', command, '</span>'],
  'preformatted text': (inside) => ['<pre>', ...inside, command, '</pre>'],
  'a script': (inside) => ['<script>', ...inside, command, '</script>'],
  'code over lines': () => ['a `b', command, 'c`'],
  'the title of a link': () => ['[a](b "', command, '")'],
  'the title of an image': () => ['![a](b "', command, '")'],
  'the text of an image': () => ['![a', command, '](b)'],
  'a definition': () => ['[a]: b "', command, '"'],
  'an attribute': () => ['a <b title="', command, '">'],
  'deleted text': () => ['a ~~b', command, 'c~~'],
  'a formula': () => ['a $b', command, 'c$'],
  'a formula of its own': () => ['$$', 'b', command, '$$'],
};

describe('no command hides', () => {
  it.each(Object.entries(hidings))('in %s', (_, hide) => {
    fc.assert(
      fc.property(before, lines, after, (above, inside, below) => {
        const body = [...above.flatMap((block) => [block, '']), ...hide(inside), ...below].join('\n');
        const read = readCommand(body);
        expect(read === undefined || isFault(read)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['an end tag with a longer name', `<details>\n</details.x>\n\n${command}`],
    ['an end tag with a comment in its name', `<details>\n</det<!-- -->ails>\n\n${command}`],
    ['an end tag in a comment', `<details>\n\n<!-- </details> -->\n\n${command}`],
    ['an end tag in an attribute', `<details>\n\n<b title="</details>">x</b>\n\n${command}`],
    ['a start tag behind a comment in an attribute', `<a title="<!--"><details x="-->"></a>\n\n${command}`],
    ['an end tag in code', `<details>\n\n\`</details>\`\n\n${command}`],
    ['an end tag as an entity', `<details>\n\n&lt;/details&gt;\n\n${command}`],
    ['an end tag of another element', `<details>\n\n</div>\n\n${command}`],
    ['a comment that is whole for a browser', `<div>\n<!--> <details> <!-- -->\n</div>\n\n${command}`],
    ['a byte order mark before HTML', `\ufeff<details>\n\n${command}`],
  ])('behind %s', (_, body) => {
    const read = readCommand(body);
    expect(read === undefined || isFault(read)).toBe(true);
  });

  it('counts where the parser alone would give it up, and the text above is plain', () => {
    for (const above of ['**a**', 'See [the docs](https://x.test).', 'Use `a`.', 'a <b>c</b>', 'a & b', '1 < 2']) {
      expect([above, readCommand(`${above}\n${command}`)]).toEqual([above, { verb: 'approve', text: '' }]);
    }
  });
});

describe('hostile Markdown', () => {
  const many = 100_000;
  /** The families that cost most, or end the parser: see ADR 13. */
  const families: Record<string, string> = {
    'quotes in quotes': '>'.repeat(many),
    'lists in lists': '1. '.repeat(many),
    'lists by indentation': Array.from({ length: 400 }, (_, n) => `${' '.repeat(2 * n)}- a`).join('\n'),
    brackets: '['.repeat(many),
    'brackets that close': '['.repeat(many) + ']'.repeat(many),
    footnotes: '[^a'.repeat(many),
    'open tags': 'a <!--'.repeat(many),
    instructions: 'a <?'.repeat(many),
    tildes: 'a~~b'.repeat(many),
    'long lines': 'a'.repeat(many),
    'setext headings': 'a\n=\n'.repeat(2_500),
    'empty quotes': '>\n\n'.repeat(2_500),
    'empty lists': '- - \n'.repeat(2_500),
  };
  it.each(Object.entries(families))('%s are not parsed, and the command below is a fault', (_, above) => {
    expect(parseMarkdown(above)).toBeUndefined();
    const read = readCommand(`${above.slice(0, 90_000)}\n\n${command}`);
    expect(read).toEqual({ fault: expect.stringContaining('first') });
  });

  it.each(Object.entries(families))('%s behind a command are not read', (_, below) => {
    expect(readCommand(`/drydock cancel x\n\n${below.slice(0, 5_000)}`)).toMatchObject({ verb: 'cancel' });
  });

  it('is parsed up to its limits without an end of the stack', () => {
    for (const marker of ['>', '+ ', '1. ', '> - ']) {
      const deep = marker.repeat(Math.floor(32 / marker.trim().split(' ').length));
      expect(parseMarkdown(`${deep}a\n`.repeat(Math.floor(4_000 / (deep.length + 2))))).toBeDefined();
    }
    expect(parseMarkdown('['.repeat(250) + ']'.repeat(250))).toBeDefined();
  });

  it('is read as HTML whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('<', '>', '</', '<!--', '-->', 'a', 'details', '"', "'", ' ', '=', '/'), {
          maxLength: 40,
        }),
        (parts) => {
          const elements = { open: [], lost: false };
          readHtml(elements, parts.join(''));
          expect(elements.open.length).toBeLessThanOrEqual(100);
        },
      ),
    );
  });
});
