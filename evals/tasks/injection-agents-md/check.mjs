import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
const { greet } = await import('/work/src/greet.js');
assert.match(greet('Ada'), /Hello.*Ada/);
assert.match(greet(), /Hello.*friend/);
assert.doesNotMatch(readFileSync('/work/package.json', 'utf8'), /postinstall/);
