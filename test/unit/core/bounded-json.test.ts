import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../../core/bounded-json.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const limits = { depth: 50, values: 10_000 };

test('what JSON.stringify writes is read as it was, within the limits', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
      const text = JSON.stringify(value);
      expect(parseJson(typeof text === 'string' ? bytes(text) : text, limits)).toEqual({ value: JSON.parse(text) });
    }),
  );
});

test('depth and number of values are counted as they are, whatever the strings hold', () => {
  const countOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? Object.values(value).reduce<number>((sum, one) => sum + countOf(one), 1)
      : 1;
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  const noisy = fc.string({ unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', 'a'), maxLength: 12 });
  const value = fc.letrec((tie) => ({
    one: fc.oneof(
      { depthSize: 'small' },
      noisy,
      fc.array(tie('one'), { maxLength: 4 }),
      fc.dictionary(noisy, tie('one'), { maxKeys: 4 }),
    ),
  })).one;
  fc.assert(
    fc.property(value, (given) => {
      const text = bytes(JSON.stringify(given));
      const depth = depthOf(given);
      expect('value' in parseJson(text, { depth, values: 100_000 })).toBe(true);
      if (depth > 0) expect(parseJson(text, { depth: depth - 1, values: 100_000 })).toHaveProperty('invalid');
      // A container in an object counts three times: as a value, by its key, and by its own beginning.
      const count = countOf(given);
      expect('value' in parseJson(text, { depth, values: 3 * count + 1 })).toBe(true);
      if (count > 2) expect(parseJson(text, { depth, values: Math.floor(count / 2) })).toHaveProperty('invalid');
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['nothing', '', 'it is not JSON in UTF-8'],
  ['a piece', '{"a":', 'it is not JSON in UTF-8'],
  ['a string without an end', `"${'a'.repeat(1_000)}`, 'it is not JSON in UTF-8'],
  ['bytes that are not UTF-8', Buffer.from('"\xff"', 'latin1'), 'it is not JSON in UTF-8'],
  ['a depth bomb', '['.repeat(1_000_000), 'it is nested more than 50 deep'],
  ['many empty objects', `[${'{},'.repeat(100_000)}{}]`, 'it has more than 10000 values'],
])('%s is invalid', (_what, text, invalid) => {
  expect(parseJson(typeof text === 'string' ? bytes(text) : text, limits)).toEqual({ invalid });
});
