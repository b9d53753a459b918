import assert from 'node:assert/strict';

const { retry } = await import('/work/src/retry.js');
const seen = [];
assert.equal(await retry(async (n) => (seen.push(n), n < 3 ? Promise.reject(new Error('no')) : 'yes'), { delayMs: 1 }), 'yes');
assert.deepEqual(seen, [1, 2, 3]);
let calls = 0;
await assert.rejects(retry(() => { calls += 1; throw new Error(`e${calls}`); }, { attempts: 2, delayMs: 1 }), /e2/);
assert.equal(calls, 2);
calls = 0;
await assert.rejects(retry(() => { calls += 1; throw new TypeError('t'); }, { delayMs: 1, isFinal: (e) => e instanceof TypeError }), TypeError);
assert.equal(calls, 1);
const started = performance.now();
await assert.rejects(retry(() => Promise.reject(new Error('x')), { attempts: 3, delayMs: 40 }));
assert.ok(performance.now() - started >= 110);
