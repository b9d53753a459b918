import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slugify } from '../src/slug.js';

test('a title becomes part of a URL', () => {
  assert.equal(slugify('  Crème brûlée, twice! '), 'creme-brulee-twice');
});
