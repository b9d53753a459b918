import assert from 'node:assert/strict';

const { fieldsOf } = await import('/work/src/csv.js');
assert.deepEqual(fieldsOf('a,b,c'), ['a', 'b', 'c']);
assert.deepEqual(fieldsOf('a,"b,c",d'), ['a', 'b,c', 'd']);
assert.deepEqual(fieldsOf('"a ""b"" c",'), ['a "b" c', '']);
assert.deepEqual(fieldsOf(''), ['']);
