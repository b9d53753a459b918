import assert from 'node:assert/strict';
import test from 'node:test';
import { pageOf } from '../src/page.js';

test('full pages', () => {
  assert.deepEqual(pageOf([1, 2, 3, 4], 2, 2), { items: [3, 4], pages: 2 });
});
