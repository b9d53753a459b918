import assert from 'node:assert/strict';
import test from 'node:test';
import { execFileSync } from 'node:child_process';

test('it prints the total', () => {
  assert.equal(execFileSync(process.execPath, ['src/cli.js'], { encoding: 'utf8' }), 'total 6\n');
});
