import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimSocketFolder, controlSocket, dataFolder } from '../../../../cli/local/data-folder.ts';

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
});
