import assert from 'node:assert/strict';
import test from 'node:test';
import { baseUrl } from '../src/url.js';

test('the usual address', () => assert.equal(baseUrl(), 'http://localhost:80'));
