import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksumsOf, hasChecksum, keepArchive, keptArchive } from '../../../../gateway/registry/archives.ts';

const sha512 = (text: string) => createHash('sha512').update(text).digest();
const integrity = (text: string): string => `sha512-${sha512(text).toString('base64')}`;
const lockOf = (packages: Record<string, object>): string => JSON.stringify({ lockfileVersion: 3, packages });

describe('checksums of a lock file', () => {
  test('are those of archives, by the path they are asked for', () => {
    const lock = lockOf({
      '': { name: 'own', version: '1.0.0' },
      'node_modules/a': { version: '1.0.0', integrity: integrity('a') },
      'node_modules/a/node_modules/@s/b': { version: '2.0.0-rc.1', integrity: `sha1-x ${integrity('b')}` },
      'node_modules/alias': { name: '@s/real', version: '3.0.0', integrity: integrity('c') },
      'node_modules/linked': { link: true, resolved: 'packages/linked' },
      'node_modules/old': { version: '1.0.0', integrity: 'sha1-kPfzq9DdmIKMvKdlvMXUGpMhG9Y=' },
      'packages/linked': { version: '1.0.0', integrity: integrity('own') },
    });
    expect([...checksumsOf(lock)]).toEqual([
      ['a/-/a-1.0.0.tgz', sha512('a').toString('hex')],
      ['@s/b/-/b-2.0.0-rc.1.tgz', sha512('b').toString('hex')],
      ['@s/real/-/real-3.0.0.tgz', sha512('c').toString('hex')],
    ]);
  });

  test('property: there are none in what is no lock file', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(checksumsOf(text).size).toBe(0);
      }),
    );
  });
});

describe('R16 the cache of archives', () => {
  const archive = Buffer.from('archive');
  const key = sha512('archive').toString('hex');
  const stored = (bytes?: Uint8Array) => {
    const kept: Uint8Array[] = [];
    const store = { get: async () => bytes, put: async (_: string, given: Uint8Array) => void kept.push(given) };
    return { kept, archives: { store, checksums: new Map() } };
  };

  test('is believed only as far as the checksum goes', async () => {
    expect(hasChecksum(archive, key)).toBe(true);
    expect(await keptArchive(stored(archive).archives, key)).toBe(archive);
    expect(await keptArchive(stored(Buffer.from('poison')).archives, key)).toBeUndefined();
    expect(await keptArchive(stored().archives, key)).toBeUndefined();
  });

  test('keeps nothing that has another checksum', async () => {
    const { kept, archives } = stored();
    await keepArchive(archives, key, Buffer.from('poison'));
    expect(kept).toEqual([]);
    await keepArchive(archives, key, archive);
    expect(kept).toEqual([archive]);
  });
});
