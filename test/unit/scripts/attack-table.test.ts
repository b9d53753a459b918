import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attemptsIn, table } from '../../../scripts/attack/table.ts';

const line = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => `a${text.replaceAll(/\s+/g, ' ').trim()}`);
const attempt = fc.record({
  file: fc.constantFrom('test/machine/attack/a.test.ts', 'test/github/attack/b.test.ts'),
  name: line,
  shown: fc.option(line, { nil: undefined }),
});

test('the rows of the table are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(attempt), (attempts) => {
      const key = (each: unknown): string => JSON.stringify(each);
      expect(attemptsIn(table(attempts)).map(key).sort()).toEqual(attempts.map(key).sort());
    }),
  );
});
