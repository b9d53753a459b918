import assert from 'node:assert/strict';
import test from 'node:test';
import { priceOf } from '../src/price.js';

test('tax', () => {
  assert.equal(priceOf({ kind: 'toy', net: 1000 }), 1200);
});
