import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { measureHere, watchDisk } from '../../../../../adapters/local/sandbox/limits/disk.ts';
import { asOrdinaryUser } from '../../../../support/ordinary-user.ts';

const module = join(import.meta.dirname, '../../../../../adapters/local/sandbox/limits/disk.ts');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-disk-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what lies in a folder that its user may not read counts', () => {
  const closed = join(folder, 'closed');
  mkdirSync(closed);
  writeFileSync(join(closed, 'big'), Buffer.alloc(8 << 20, 1));
  chmodSync(closed, 0o300);
  const printed = asOrdinaryUser(`
    const { measureHere, watchDisk } = await import('${module}');
    const stop = watchDisk(() => measureHere('${folder}', ['.'], true), { limitMb: 4, onHit(message) { console.log(message); stop(); clearTimeout(end); } });
    const end = setTimeout(() => { console.log('no limit was hit'); stop(); }, 20_000);`);
  chmodSync(closed, 0o700);
  expect(printed).toMatch(/^disk_mb: 8 MB in use, the limit is 4$/m);
});

test('a disk that can no longer be measured is a limit that was hit', async () => {
  const gone = join(folder, 'gone');
  const message = await new Promise((onHit) => watchDisk(() => measureHere(gone, ['.'], true), { limitMb: 1, onHit }));
  expect(message).toBe('disk_mb: the program that measures the disk has ended');
});
