import assert from 'node:assert/strict';
import test from 'node:test';
import { title } from '../src/notes.js';

test('a title', () => assert.equal(title, 'Notes'));
