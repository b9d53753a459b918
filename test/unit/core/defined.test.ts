import { expect, test } from 'vitest';
import { defined } from '../../../core/defined.ts';

test('properties with a value are kept, null and false too; undefined ones are absent', () => {
  const values = { a: 1, b: undefined, c: null, d: false, e: '' };
  expect(Object.keys(defined(values))).toEqual(['a', 'c', 'd', 'e']);
  expect({ b: 2, ...defined({ b: undefined }) }).toEqual({ b: 2 });
});
