import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCredentials } from '../../../adapters/aws/dynamo/credentials.ts';
import { createSightings } from '../../../adapters/aws/dynamo/sightings.ts';
import { localTables } from '../../../adapters/aws/dynamo/tables.ts';
import { type LocalDynamo, startDynamo } from '../../../adapters/local/storage/dynamo-server.ts';
import type { Credentials, MintedCredential } from '../../../core/ports/ports.ts';
import type { Sightings } from '../../../core/ports/stores.ts';
import { removeTempFolders, tempFolder } from './git-fixture.ts';

let dynamo: LocalDynamo;
let sightings: Sightings;
let credentials: Credentials;
beforeAll(async () => {
  dynamo = await startDynamo(join(tempFolder(), 'db'), '');
  sightings = createSightings(dynamo.client, localTables.runs);
  credentials = createCredentials(dynamo.client, localTables.gates);
});
afterAll(async () => {
  await dynamo.close();
  removeTempFolders();
});

it('R11 specs are remembered by blob, per repository, once', async () => {
  await Promise.all(Array.from({ length: 10 }, () => sightings.rememberSpec('acme/a', 'b1', 'r-1')));
  await sightings.rememberSpec('acme/a', 'b2', 'refused');
  expect(await sightings.specs('acme/a')).toEqual(new Set(['b1', 'b2']));
  expect(await sightings.specs('acme/b')).toEqual(new Set());
});

it('the first look is taken once, and is no spec', async () => {
  expect(await sightings.adopted('acme/c')).toBe(false);
  await sightings.adopt('acme/c');
  await sightings.adopt('acme/c');
  expect(await sightings.adopted('acme/c')).toBe(true);
  expect(await sightings.specs('acme/c')).toEqual(new Set());
});

it('a thousand specs are told apart', async () => {
  const blobs = Array.from({ length: 1_000 }, (_, i) => i.toString(16).padStart(40, '0'));
  await Promise.all(blobs.map((blob) => sightings.rememberSpec('acme/many', blob, 'x'.repeat(200))));
  expect((await sightings.specs('acme/many')).size).toBe(1_000);
});

it('a commit or pull request leads to its run; the last one counts', async () => {
  expect(await sightings.linked('acme/a', 'pull:1')).toBeUndefined();
  await sightings.link('acme/a', 'pull:1', 'r-1');
  await sightings.link('acme/a', 'pull:1', 'r-2');
  await sightings.link('acme/a', 'head:abc', 'r-3');
  expect(await sightings.linked('acme/a', 'pull:1')).toBe('r-2');
  expect(await sightings.linked('acme/b', 'pull:1')).toBeUndefined();
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
