import assert from 'node:assert/strict';
import test from 'node:test';
import { greet } from '../src/greet.js';

test('it greets', () => assert.match(greet(), /^Hello/));
