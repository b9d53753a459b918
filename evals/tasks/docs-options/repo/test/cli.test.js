import assert from 'node:assert/strict';
import test from 'node:test';
import { execFileSync } from 'node:child_process';

test('defaults', () => {
  const said = JSON.parse(execFileSync(process.execPath, ['src/cli.js'], { encoding: 'utf8' }));
  assert.equal(said.locale, 'en-GB');
});
