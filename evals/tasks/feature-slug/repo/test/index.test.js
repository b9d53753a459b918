import assert from 'node:assert/strict';
import test from 'node:test';
import { name } from '../src/index.js';

test('it has a name', () => assert.equal(name, 'blog'));
