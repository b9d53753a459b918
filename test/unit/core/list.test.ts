import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { list } from '../../../core/list.ts';
import { changeManifest } from '../../../core/run/change-set.ts';

const item = z.union([z.strictObject({ a: z.number() }), z.string()]);

test('a list is read as an array of zod is; of an invalid one, the first fault is told', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.record({ a: fc.oneof(fc.integer(), fc.boolean()) }));
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const read = list(item).safeParse(values);
      const asArray = z.array(item).safeParse(values);
      expect(read.data).toEqual(asArray.data);
      expect(read.error?.issues[0]).toEqual(asArray.error?.issues[0]);
      expect(read.error?.issues.length ?? 1).toBe(1);
    }),
  );
  for (const other of [null, {}, 'a', { length: 1, 0: 'a' }]) expect(list(item).safeParse(other).success).toBe(false);
});

test('it is counted before an item is read', () => {
  let read = 0;
  const counted = z.string().refine(() => {
    read += 1;
    return true;
  });
  expect(list(counted, 3).safeParse(['a', 'b', 'c', 'd']).success).toBe(false);
  expect(read).toBe(0);
  expect(list(counted, 3).safeParse(['a', 'b', 'c']).data).toEqual(['a', 'b', 'c']);
});

test('C3: of a million invalid entries of a change set, one fault is told', () => {
  const manifest = { base: 'a'.repeat(40), entries: Array(1_000_000).fill(1) };
  expect(changeManifest.safeParse(manifest).error?.issues).toHaveLength(1);
  const fewer = { ...manifest, entries: Array(100_000).fill(1) };
  expect(changeManifest.safeParse(fewer).error?.issues).toHaveLength(1);
});
