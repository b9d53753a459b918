import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
const options = readFileSync('/work/README.md', 'utf8').split('## Options')[1] ?? '';
for (const [name, value] of [['--reverse', 'false'], ['--max-lines', '5000'], ['--locale', 'en-GB']]) {
  const line = options.split('\n').find((each) => each.includes(name)) ?? '';
  assert.ok(line.includes(value) || (value === 'false' && /off/.test(line)), `${name} with ${value}`);
}
assert.ok(!options.includes('See the source'));
