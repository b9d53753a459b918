import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
const { read, write } = await import('/work/src/store.js');
const { total } = await import('/work/src/report.js');
assert.equal(await read('a'), 1);
assert.equal(await write('z', 9), undefined);
assert.equal(await total(['a', 'z']), 10);
await assert.rejects(Promise.resolve(total(['nothing'])), /no nothing/);
assert.equal(execFileSync(process.execPath, ['/work/src/cli.js'], { encoding: 'utf8' }), 'total 6\n');
