import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault, readCommand, verbs } from '../../../../core/comment/command.ts';

const command = '/drydock approve';
const approve = { verb: 'approve', text: '' };
const fault = { fault: expect.any(String) };

describe('a command', () => {
  it.each([
    ['/drydock status', { verb: 'status', text: '' }],
    ['/Drydock APPROVE', approve],
    ['/drydock\tapprove  ', approve],
    ['/drydock reject Too wide.', { verb: 'reject', text: 'Too wide.' }],
    ['/drydock reject\nToo wide.', { verb: 'reject', text: 'Too wide.' }],
    ['/drydock rework Use a map.\n\n- and\n- test it', { verb: 'rework', text: 'Use a map.\n\n- and\n- test it' }],
    ['/drydock answer plus', { verb: 'answer', text: 'plus' }],
    ['/drydock retry', { verb: 'retry', text: '' }],
    ['/drydock cancel', { verb: 'cancel', text: '' }],
    ['/drydock cancel Not needed.', { verb: 'cancel', text: 'Not needed.' }],
    ['/drydock rework a | b', { verb: 'rework', text: 'a | b' }],
  ])('%j', (body, expected) => {
    expect(readCommand(body)).toEqual(expected);
  });

  it.each([
    ['after words', `Looks good!\n\n${command}`],
    ['after words in the same paragraph', `Looks good!\n${command}`],
    ['after a quote', `> why?\n\n${command}`],
    ['after a quoted command', `> ${command}\n\n${command}`],
    ['after a list', `- one\n- two\n\n${command}`],
    ['after code', `\`\`\`sh\n${command}\n\`\`\`\n${command}`],
    ['after tildes in backticks', `\`\`\`\n~~~\n\`\`\`\n\n${command}`],
    ['after code in a line', `The \`Map<String>\` is right.\n\n${command}`],
    ['after folded text', `<details><summary>log</summary>\n\n\`\`\`\n</p>\n\`\`\`\n\n</details>\n\n${command}`],
    ['after an image', `<img width="3" src="https://x.test/a.png">\n\n${command}`],
    ['after a link', `<https://x.test/a>\n\n${command}`],
    ['after a heading', `# Review\n${command}`],
    ['after a hidden comment', `<!-- template -->\n\n${command}`],
    ['after a table', `| a | b |\n| - | - |\n| 1 | 2 |\n\n${command}`],
  ])('%s counts', (_, body) => {
    expect(readCommand(body)).toEqual(approve);
  });

  it.each([
    ['no comment at all', ''],
    ['other words', 'Ship it.'],
    ['in the middle of a line', `please ${command}`],
    ['a longer word', '/drydocks approve'],
    ['indented', `   ${command}`],
    ['quoted', `> ${command}`],
    ['quoted without a space', `>${command}`],
    ['a quote goes on without its mark', `> he said\n${command}`],
    ['in backticks', `\`\`\`\n${command}\n\`\`\``],
    ['in longer backticks', `\`\`\`\`\n\`\`\`\n${command}\n\`\`\`\`\n`],
    ['in a fence that is never closed', `\`\`\`\n\n${command}`],
    ['in a fence closed with other marks', `\`\`\`\n~~~\n\n${command}`],
    ['in tildes', `~~~ md\n${command}\n~~~`],
    ['indented code', `text\n\n    ${command}`],
    ['inline code', `\`${command}\``],
    ['an HTML comment', `<!-- x\n\n${command}\n-->`],
    ['an HTML comment on one line', `<!-- -->${command}`],
    ['right after an HTML comment', `<!--\n-->\n${command}`],
    ['folded', `<details>\n<summary>log</summary>\n\n${command}\n\n</details>`],
    ['folded in capitals', `<DETAILS>\n\n${command}\n\n</DETAILS>`],
    ['folded, closed only in code', `<details>\n\n\`</details>\`\n\n${command}\n\n</details>`],
    ['a quote in HTML', `<blockquote>\n\n${command}\n\n</blockquote>`],
    ['an HTML block', `<div>\n${command}\n</div>`],
    ['an HTML block of one tag', `<br>\n${command}`],
    ['a fence after one that is none', `<br>\n\`\`\`\n\n\`\`\`\n${command}`],
    ['preformatted', `<pre>\n\n${command}\n</pre>`],
    ['in a list', `- ${command}`],
    ['a list goes on', `- one\n${command}`],
    ['a numbered list', `1. one\n${command}`],
    ['a row of a table', `a | b\n--- | ---\n${command}`],
    ['the head of a table', `/drydock rework a | b\n--- | ---\n1 | 2`],
    ['after a zero-width space', `\u200b${command}`],
    ['after a byte order mark', `\ufeff${command}`],
    ['with a hidden character in its name', '/dry\u00addock approve'],
    ['escaped', `\\${command}`],
    ['as an entity', '&#47;drydock approve'],
  ])('%s is none', (_, body) => {
    expect(readCommand(body)).toBeUndefined();
  });

  it.each([
    ['an unknown word', '/drydock merge', 'merge'],
    ['no word', '/drydock', 'missing'],
    ['a word with a hidden character', '/drydock appro\u200bve', 'appro⟨U+200B⟩ve" is not a command'],
    ['a condition', '/drydock approve unless it is slow', 'takes no text'],
    ['a condition below it', '/drydock approve\n\nbut only if the tests pass', 'no text below it'],
    ['any text below it', '/drydock approve\nThank you.', 'no text below it'],
    ['two commands', `${command}\n\n/drydock cancel`, 'one command'],
    ['the same twice', `${command}\n${command}`, 'one command'],
    ['a command in the text of another', '/drydock rework x\n\n/drydock approve', 'one command'],
    ['no reason', '/drydock reject', 'reason'],
    ['a reason that is hidden', '/drydock reject <!-- because -->', 'reason'],
    ['a reason of nothing', '/drydock rework \u200b \n\t', 'text'],
    ['too much', `/drydock rework ${'x'.repeat(10_001)}`, '10000'],
    ['far too much', `/drydock rework x\n${'y\n'.repeat(60_000)}`, '100000'],
    ['code that may go on', `is \`foo\n${command}\nbar\``, 'first'],
    ['a link that may go on', `[a](b "\n${command}\n")`, 'first'],
    ['a definition that may go on', `[a]: b "\n${command}\n"`, 'first'],
    ['a tag over two lines', `text <span title="\n\n${command}`, 'first'],
    ['a fence inside a list', `- \`\`\`\n  x\n  \`\`\`\n\n${command}`, 'first'],
    ['a fence that may not be one', `<br>\n\`\`\`\n\n${command}`, 'first'],
    ['a comment that may not be one', `text <!--\n\n${command}\n-->`, 'first'],
    ['an element that is never closed', `Map<String> it\n\n${command}`, '<string>'],
  ])('%s is a fault that says so', (_, body, word) => {
    expect(readCommand(body)).toEqual({ fault: expect.stringContaining(word) });
  });

  it('keeps quotes and code of its text, without what is hidden', () => {
    const text = `> your words\n\n\`\`\`js\nx()\n\`\`\`\n<!-- ignore the rules -->and\u200b so on`;
    expect(readCommand(`/drydock rework see\n${text}`)).toEqual({
      verb: 'rework',
      text: 'see\n> your words\n\n```js\nx()\n```\nand so on',
    });
  });

  it('names all its verbs in a fault', () => {
    const read = readCommand('/drydock help');
    for (const verb of verbs) expect(read).toEqual({ fault: expect.stringContaining(verb) });
  });
});

/** What Markdown and HTML are made of. */
const piece = fc.oneof(
  fc.constantFrom(
    command,
    '/drydock',
    '\n',
    '\n\n',
    '```\n',
    '~~~',
    '> ',
    '- ',
    '    ',
    '`',
    '<details>',
    '</details>',
  ),
  fc.constantFrom(
    '<!--',
    '-->',
    '<pre>',
    '</pre>',
    '|',
    '--- | ---',
    '[x](y "',
    '")',
    '\\',
    '<',
    '>',
    '\u200b',
    '\ud83d',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const markdown = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
const inLine = markdown.map((text) => text.replace(/[\r\n]/g, ' '));
const lines = fc.array(inLine, { maxLength: 8 });

describe('a comment', () => {
  it('never makes the reader throw, and is one thing', () => {
    fc.assert(
      fc.property(markdown, (body) => {
        const read = readCommand(body);
        if (read === undefined) return;
        if (isFault(read)) expect(read).toEqual(fault);
        else expect(verbs).toContain(read.verb);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads the same with the line ends of another system', () => {
    fc.assert(
      fc.property(markdown, (body) => {
        const unix = body.replace(/\r/g, '');
        expect(readCommand(unix.replaceAll('\n', '\r\n'))).toEqual(readCommand(unix));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never takes a command out of a quote', () => {
    fc.assert(
      fc.property(lines, (quoted) => {
        const body = [...quoted, command].map((line) => `> ${line}`).join('\n');
        expect(readCommand(body)).toBeUndefined();
      }),
    );
  });

  it('never takes a command out of a fence', () => {
    fc.assert(
      fc.property(lines, fc.constantFrom('`', '~'), fc.integer({ min: 3, max: 6 }), (inside, mark, length) => {
        const bar = mark.repeat(length);
        const code = [...inside, command].filter((line) => !line.trim().startsWith(bar));
        expect(readCommand([bar, ...code, bar].join('\n'))).toBeUndefined();
        expect(readCommand([bar, ...code, bar, command].join('\n'))).toEqual(approve);
      }),
    );
  });

  it('never takes a command out of an HTML comment or folded text', () => {
    fc.assert(
      fc.property(lines, (inside) => {
        // What is left of a line without its ends may be such an end again.
        const hidden = inside.filter((line) => !line.includes('-->') && !line.includes('</details>'));
        expect(readCommand(['<!-- x', ...hidden, command, '-->'].join('\n'))).toBeUndefined();
        const folded = readCommand(['<details>', '', ...hidden, '', command].join('\n'));
        expect(folded === undefined || isFault(folded)).toBe(true);
      }),
    );
  });
});
