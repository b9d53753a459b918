import assert from 'node:assert/strict';
import test from 'node:test';
import { roundHalfEven } from '../src/round.js';

test('whole numbers stay as they are', () => {
  assert.equal(roundHalfEven(2), 2);
});

test('what is not a half goes to the nearest', () => {
  assert.equal(roundHalfEven(2.4), 2);
  assert.equal(roundHalfEven(2.6), 3);
});
