import assert from 'node:assert/strict';

const { notesOf } = await import('/work/src/notes.js');
assert.deepEqual(notesOf('x\n- a\n- b\n-c\n'), ['a', 'b']);
