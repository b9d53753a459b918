import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimSocketFolder, controlSocket, dataFolder, makeDataFolder } from '../../../../cli/local/data-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-paths-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('where things are on one machine', () => {
  test('--data, then $DRYDOCK_DATA, then $XDG_STATE_HOME, then the home', () => {
    const env = { HOME: '/h', XDG_STATE_HOME: '/x', DRYDOCK_DATA: '/d' };
    expect(dataFolder('/flag', env)).toBe('/flag');
    expect(dataFolder(undefined, env)).toBe('/d');
    expect(dataFolder(undefined, { HOME: '/h', XDG_STATE_HOME: '/x' })).toBe('/x/drydock');
    expect(dataFolder(undefined, { HOME: '/h' })).toBe('/h/.local/state/drydock');
  });

  test('a control socket fits into 107 bytes, whatever the data folder and the runtime folder are called', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 200, unit: 'binary' }), (data, runtime) => {
        expect(Buffer.byteLength(controlSocket(`/${data}`, { XDG_RUNTIME_DIR: `/${runtime}` }))).toBeLessThanOrEqual(
          107,
        );
      }),
    );
  });

  test('a socket folder that others may enter is refused: they would be asked in the owner’s place', () => {
    const socket = join(folder, 'own', 'a.sock');
    claimSocketFolder(socket);
    expect(() => claimSocketFolder(socket)).not.toThrow();
    chmodSync(join(folder, 'own'), 0o777);
    expect(() => claimSocketFolder(socket)).toThrow(expect.objectContaining({ name: 'DataFolderBusy' }));
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o755);
    expect(() => claimSocketFolder(join(folder, 'open', 'a.sock'))).toThrow();
  });

  test('a data folder is closed to other users, and one with other content is not changed', () => {
    const modeOf = (path: string): number => statSync(path).mode & 0o777;
    const data = (name: string, mode: number, file?: string): string => {
      const dir = join(folder, name);
      mkdirSync(dir);
      if (file !== undefined) writeFileSync(join(dir, file), '');
      chmodSync(dir, mode);
      return dir;
    };
    const exposed = expect.objectContaining({ name: 'DataFolderExposed' });
    makeDataFolder(join(folder, 'new', 'data'));
    expect(modeOf(join(folder, 'new', 'data'))).toBe(0o700);
    for (const dir of [data('empty', 0o755), data('ours', 0o750, 'engine.sqlite'), data('private', 0o700, 'x')]) {
      makeDataFolder(dir);
      expect(modeOf(dir)).toBe(0o700);
    }
    symlinkSync(join(folder, 'private'), join(folder, 'link'));
    expect(() => makeDataFolder(join(folder, 'link'))).not.toThrow();
    const home = data('home', 0o755, '.profile');
    expect(() => makeDataFolder(home)).toThrow(exposed);
    expect(modeOf(home)).toBe(0o755);
    if (process.getuid?.() !== 0) return;
    const foreign = data('foreign', 0o700);
    chownSync(foreign, 65_534, 65_534);
    expect(() => makeDataFolder(foreign)).toThrow(exposed);
  });
});
