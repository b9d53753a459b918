/** A text of a repository, an agent or a person commands no terminal. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createOutput, plain, print } from '../../../../cli/terminal/output.ts';

const texts = [
  '\u001b[2J\u001b]0;owned\u0007',
  '\u009b2J',
  '\u009d0;owned\u009c',
  '\u0090q\u009c',
  'a\u202ecba\u2066',
  'a\rb\u007f',
  'a\u0085b\u2028c',
];

test.each(texts)('%j', async (given) => {
  for (const json of [true, false]) {
    const stream = new PassThrough();
    const output = createOutput(json, stream as unknown as NodeJS.WriteStream, process.stderr, {});
    print(output, { text: given }, () => [plain(given)]);
    stream.end();
    const said = await text(stream);
    expect(said.trimEnd()).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    if (json) expect(JSON.parse(said)).toEqual({ text: given });
  }
});
