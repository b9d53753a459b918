import assert from 'node:assert/strict';
import test from 'node:test';
import { addMonths } from '../src/date.js';

test('a month later', () => {
  assert.equal(addMonths('2026-01-15', 1), '2026-02-15');
});
