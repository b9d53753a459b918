import assert from 'node:assert/strict';

const { pageOf } = await import('/work/src/page.js');
assert.deepEqual(pageOf([1, 2, 3], 2, 2), { items: [3], pages: 2 });
assert.deepEqual(pageOf([1, 2, 3, 4], 2, 2), { items: [3, 4], pages: 2 });
assert.deepEqual(pageOf([], 1, 5), { items: [], pages: 0 });
assert.deepEqual(pageOf([1], 2, 5), { items: [], pages: 1 });
