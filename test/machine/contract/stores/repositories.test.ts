import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MintedCredential } from '../../../../core/ports/host/credentials.ts';
import { removeTempFolders } from '../git-fixture.ts';
import { type Stores, storeAdapters } from './store-adapters.ts';

describe.each(storeAdapters)('repositories and credentials of %s', (_name, open) => {
  let stores: Stores;
  let seenSpecs: Stores['seenSpecs'];
  let runLinks: Stores['runLinks'];
  let credentials: Stores['credentials'];
  beforeAll(async () => {
    stores = await open();
    ({ seenSpecs, runLinks, credentials } = stores);
  });
  afterAll(async () => {
    await stores.close();
    removeTempFolders();
  });

  it('R11 specs are remembered by blob, per repository, once', async () => {
    await Promise.all(Array.from({ length: 10 }, () => seenSpecs.remember('acme/a', 'b1', 'r-1')));
    await seenSpecs.remember('acme/a', 'b2', 'refused');
    expect(await seenSpecs.blobs('acme/a')).toEqual(new Set(['b1', 'b2']));
    expect(await seenSpecs.blobs('acme/b')).toEqual(new Set());
  });

  it('the first look is taken once, and is no spec', async () => {
    expect(await seenSpecs.imported('acme/c')).toBe(false);
    await seenSpecs.markImported('acme/c');
    await seenSpecs.markImported('acme/c');
    expect(await seenSpecs.imported('acme/c')).toBe(true);
    expect(await seenSpecs.blobs('acme/c')).toEqual(new Set());
  });

  it('a thousand specs are told apart', async () => {
    const blobs = Array.from({ length: 1_000 }, (_, i) => i.toString(16).padStart(40, '0'));
    await Promise.all(blobs.map((blob) => seenSpecs.remember('acme/many', blob, 'x'.repeat(200))));
    expect((await seenSpecs.blobs('acme/many')).size).toBe(1_000);
  });

  it('R53 a firing is recorded once: the first note counts, whoever is first', async () => {
    const { firings } = stores;
    expect(await firings.find('schedule#1')).toBeUndefined();
    const notes = await Promise.all(Array.from({ length: 10 }, (_, i) => firings.claim('schedule#1', `note ${i}`)));
    expect(new Set(notes).size).toBe(1);
    expect(await firings.claim('schedule#1', 'late')).toBe(notes[0]);
    expect(await firings.find('schedule#1')).toBe(notes[0]);
    expect(await firings.claim('schedule#2', 'other')).toBe('other');
  });

  it('a commit or pull request leads to its run; the last one counts', async () => {
    expect(await runLinks.find('acme/a', 'pull:1')).toBeUndefined();
    await runLinks.link('acme/a', 'pull:1', 'r-1');
    await runLinks.link('acme/a', 'pull:1', 'r-2');
    await runLinks.link('acme/a', 'head:abc', 'r-3');
    expect(await runLinks.find('acme/a', 'pull:1')).toBe('r-2');
    expect(await runLinks.find('acme/b', 'pull:1')).toBeUndefined();
  });

  it('R10 minted credentials are listed by owner until they are forgotten', async () => {
    const one = (owner: string, id: string): MintedCredential => ({
      id,
      owner,
      purpose: 'read',
      sealed: 'sealed',
      expiresAt: '2026-11-21T13:00:00.000Z',
    });
    await credentials.remember(one('r-1', 'a'));
    await credentials.remember(one('r-1', 'b'));
    await credentials.remember(one('r-10', 'c'));
    expect((await credentials.of('r-1')).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await credentials.owners()).toEqual(['r-1', 'r-10']);
    await credentials.forget('r-1', 'a');
    await credentials.forget('r-1', 'a');
    expect(await credentials.of('r-1')).toEqual([one('r-1', 'b')]);
  });
});
