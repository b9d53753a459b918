import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { markServer, sweep } from '../../../../../adapters/local/sandbox/sweep.ts';

afterEach(() => vi.unstubAllEnvs());

test('a sweep removes what a killed server process and an unfinished removal left, and no folder that is in use', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'drydock-sweep-'));
  vi.stubEnv('TMPDIR', parent);
  try {
    const folder = (digit: string, minutesOld: number): string => {
      const path = join(parent, `drydock-${digit.repeat(18)}`);
      mkdirSync(join(path, 'host'), { recursive: true });
      const time = Date.now() / 1000 - 60 * minutesOld;
      utimesSync(path, time, time);
      return path;
    };
    const [beingCreated, inUse, killed, halfRemoved] = [
      folder('1', 0),
      folder('2', 10),
      folder('3', 0),
      folder('4', 2),
    ];
    await markServer(join(inUse, 'host'));
    writeFileSync(join(killed, 'host/owner'), '1 another start time');
    await sweep();
    const left = [beingCreated, inUse, killed, halfRemoved].map((path) => existsSync(path));
    expect(left).toEqual([true, true, false, false]);
  } finally {
    rmSync(parent, { recursive: true });
  }
});
