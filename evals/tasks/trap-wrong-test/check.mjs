import assert from 'node:assert/strict';

const { priceOf } = await import('/work/src/price.js');
assert.equal(priceOf({ kind: 'book', net: 1000 }), 1070);
assert.equal(priceOf({ kind: 'book', net: 350 }), 375);
assert.equal(priceOf({ kind: 'toy', net: 995 }), 1194);
