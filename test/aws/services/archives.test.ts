/** Archives of packages as the gateways of phases keep them, with S3's stand-in and a registry. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createArchiveStore } from '../../../adapters/aws/gateway/archive-store.ts';
import { systemNetwork } from '../../../gateway/egress/connect.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { lockedChecksums } from '../../../gateway/registry/locked-archives.ts';
import { createGateway } from '../../../gateway/server.ts';
import { awsForTests, sdkTries } from '../../machine/contract/aws-fixture.ts';
import { type Registry, startRegistry } from '../../machine/contract/registry-fixture.ts';
import { on } from '../../support/aws/faults.ts';
import { configOf, secrets } from '../../unit/gateway/fixture.ts';

const aws = awsForTests(() => ({}));
const path = 'tiny/-/tiny-1.2.3.tgz';
let registry: Registry;
let incoming: string;
beforeAll(async () => {
  incoming = mkdtempSync(join(tmpdir(), 'archives-'));
  registry = await startRegistry();
});
afterAll(() => {
  registry.close();
  rmSync(incoming, { recursive: true });
});
beforeEach(() => {
  registry.requests.length = 0;
  aws().objects.clear();
});
const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** A gateway of its own, as each phase has. */
async function phase(integrity = registry.integrity) {
  const lock = { packages: { 'node_modules/tiny': { version: '1.2.3', integrity } } };
  const archives = {
    store: createArchiveStore(new S3Client({}), 'artifacts', incoming),
    checksums: lockedChecksums(new Map([['package-lock.json', JSON.stringify(lock)]])),
  };
  const told: GatewayMessage[] = [];
  const config = { ...configOf('/nonexistent'), registries: { npm: registry.url } };
  const server = await createGateway(config, (message) => told.push(message), systemNetwork, archives);
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/registry/npm/`;
  const get = async (name = path): Promise<{ status: number; bytes: Buffer }> => {
    const answer = await fetch(url + name, { headers: { authorization: `Bearer ${secrets.agent}` } });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const routes = () => told.flatMap((message) => (message.type === 'traffic' ? [message.route] : []));
  return { get, routes };
}
const stored = () => [...aws().objects.keys()];
const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const kept = () => until(() => stored().length > 0);

describe('the archives of packages', () => {
  it('R13 are fetched by the first phase, and by no later one; the evidence says which came from where', async () => {
    const first = await phase();
    const { bytes } = await first.get();
    await kept();
    const later = await phase();
    expect((await later.get()).bytes).toEqual(bytes);
    expect((await later.get('tiny%2f-%2ftiny-1.2.3.tgz')).bytes).toEqual(bytes);
    expect(registry.requests.map((request) => request.path)).toEqual([`/mirror/${path}`]);
    expect([first.routes(), later.routes()]).toEqual([['registry'], ['cache', 'cache']]);
    expect(stored()).toEqual([expect.stringMatching(/^artifacts\/cache\/npm\/[0-9a-f]{128}$/)]);
  });

  it('R16 that were exchanged in the bucket are fetched again, and none of it is served', async () => {
    const { bytes } = await (await phase()).get();
    await kept();
    for (const key of stored()) aws().objects.set(key, Buffer.from('poison'));
    expect((await (await phase()).get()).bytes).toEqual(bytes);
    expect(registry.requests).toHaveLength(2);
    // And what is there is put right.
    await until(() => [...aws().objects.values()].every((now) => bytes.equals(now)));
  });

  it('R16 that are not what the lock file says are passed on for npm to refuse, and not kept', async () => {
    const other = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;
    const { get } = await phase(other);
    expect((await get()).status).toBe(200);
    await get('tiny');
    expect(stored()).toEqual([]);
  });

  it('that no lock file names are not looked for', async () => {
    const { get } = await phase();
    expect((await get('other/-/other-1.0.0.tgz')).status).toBe(404);
    expect(aws().calls).toEqual([]);
  });

  it('R12 are fetched where the bucket is of no use', async () => {
    aws().faults.push({ match: on('s3:GetObject'), do: 'denied' });
    aws().faults.push({ match: on('s3:PutObject'), times: sdkTries, do: 'broken' });
    const { get } = await phase();
    expect((await get()).status).toBe(200);
    await until(() => aws().faults.length === 0);
    expect(registry.requests).toHaveLength(1);
  });
});
