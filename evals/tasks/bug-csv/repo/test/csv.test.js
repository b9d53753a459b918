import assert from 'node:assert/strict';
import test from 'node:test';
import { fieldsOf } from '../src/csv.js';

test('plain fields', () => {
  assert.deepEqual(fieldsOf('a,b,c'), ['a', 'b', 'c']);
});
