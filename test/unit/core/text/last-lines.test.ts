import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastLines } from '../../../../core/text/last-lines.ts';

test('what is said before and after a long line stays', () => {
  const bundle = `var a=${'x'.repeat(9_000)};`;
  const text = lastLines(
    `Error: Cannot find module 'gulp'\n/workspace/Makefile.js:1\n${bundle}\nmake: *** [build] Error 1\n`,
  );
  expect(text).toMatch(
    /^Error: Cannot find module 'gulp'\n\/workspace\/Makefile\.js:1\nvar a=x+…\nmake: \*\*\* \[build\] Error 1\n$/,
  );
  expect(text.length).toBeLessThan(500);
});

test.each([
  ['', ''],
  ['one', 'one'],
  ['\n\na\n', '\n\na\n'],
])('%j is as it was', (output, text) => expect(lastLines(output)).toBe(text));

test('property: the end of an output of short lines, and never more than the limit', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ maxLength: 200 }).filter((line) => !line.includes('\n')),
        { maxLength: 60 },
      ),
      (lines) => {
        const output = lines.join('\n');
        expect(lastLines(output)).toBe(output.slice(-2_000));
      },
    ),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 9_000 }), (output) => {
      expect(lastLines(output).length).toBeLessThanOrEqual(2_000);
    }),
  );
});
