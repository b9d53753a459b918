import assert from 'node:assert/strict';
import test from 'node:test';
import { prune } from '../src/log.js';

test('all stay', () => assert.deepEqual(prune([{ age: 1 }]), [{ age: 1 }]));
