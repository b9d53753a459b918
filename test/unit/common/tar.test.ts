import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { packFolder } from '../../../common/tar.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function folderOf(files: Record<string, string | Uint8Array>): string {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-tar-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}
function unpacked(bytes: Uint8Array): string {
  const folder = folderOf({});
  execFileSync('tar', ['-xf', '-', '-C', folder], { input: bytes });
  return folder;
}

describe('a packed folder', () => {
  test('is what tar unpacks, programs among it, links followed', () => {
    const folder = folderOf({ 'run.sh': '#!/bin/sh\n', 'lib/a.mjs': 'export {};\n', empty: '' });
    chmodSync(join(folder, 'run.sh'), 0o700);
    symlinkSync('lib/a.mjs', join(folder, 'link.mjs'));
    const found = unpacked(packFolder(folder));
    expect(readFileSync(join(found, 'link.mjs'), 'utf8')).toBe('export {};\n');
    expect(readFileSync(join(found, 'empty'), 'utf8')).toBe('');
    expect([statSync(join(found, 'run.sh')).mode & 0o777, statSync(join(found, 'lib/a.mjs')).mode & 0o111]).toEqual([
      0o755, 0,
    ]);
  });

  test('has the same bytes whenever and in whatever order its files were written', () => {
    const one = folderOf({ b: '1', a: '2' });
    const two = folderOf({ a: '2', b: '1' });
    utimesSync(join(two, 'a'), 1, 1);
    chmodSync(join(two, 'b'), 0o600);
    expect(Buffer.compare(packFolder(one), packFolder(two))).toBe(0);
    writeFileSync(join(two, 'b'), '3');
    expect(Buffer.compare(packFolder(one), packFolder(two))).not.toBe(0);
  });

  test('property: any bytes come back, from paths up to what the format holds', () => {
    const part = fc.stringMatching(/^[a-zé0-9_-]{1,40}$/).filter((name) => name !== '');
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.uint8Array({ maxLength: 1_500 }),
        (parts, bytes) => {
          const path = parts.join('/');
          const found = unpacked(packFolder(folderOf({ [path]: bytes })));
          expect(Buffer.compare(readFileSync(join(found, path)), bytes)).toBe(0);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('a path that is too long is refused, and not cut', () => {
    expect(() => packFolder(folderOf({ [`${'a'.repeat(120)}/x`]: '' }))).toThrow('too long');
    expect(() => packFolder(folderOf({ ['b'.repeat(101)]: '' }))).toThrow('too long');
  });
});
