import assert from 'node:assert/strict';

const { slugOf } = await import('/work/src/slug.js');
assert.equal(slugOf('Hello, World!'), 'hello-world');
assert.equal(slugOf('  Crème brûlée  '), 'creme-brulee');
assert.equal(slugOf('---'), 'untitled');
assert.equal(slugOf('A b', ['a-b', 'a-b-2']), 'a-b-3');
