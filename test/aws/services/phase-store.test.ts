/** What a gateway reads from the bucket and leaves there (AWS-REVIEW F11, F19): as files, and agent files by their digest. */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostGateway } from '../../../adapters/aws/gateway/host.ts';
import { createPhaseStore, type LeftPhase } from '../../../adapters/aws/phases/store.ts';
import { emptyEnd } from '../../../core/run/phase-end.ts';
import { awsForTests } from '../../machine/contract/aws-fixture.ts';
import { makeJob, makeWorld, project, type World } from '../../machine/contract/phase-fixtures.ts';

const aws = awsForTests(() => ({}));
const store = () => createPhaseStore(new S3Client({}), 'artifacts');
let folder: string;
let world: World;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-left-'));
  world = makeWorld(project, { 'agent.mjs': '' });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  world.remove();
});

test('an artifact that is a file is stored as it is, and read again', async () => {
  const bytes = Buffer.alloc(3_000_000, 'x');
  writeFileSync(join(folder, 'blobs'), bytes);
  const artifacts = new Map<string, Uint8Array | string>([
    ['changeset.blobs', join(folder, 'blobs')],
    ['events.ndjson', Buffer.from('{}\n')],
  ]);
  const { failure: _none, ...end } = emptyEnd('r-1/build/1/1', 'x', { name: 'x', message: '' });
  await store().putEnd({ ...end, artifacts });
  const read = await store().end('r-1/build/1/1');
  expect([...(read?.artifacts.keys() ?? [])]).toEqual(['changeset.blobs', 'events.ndjson']);
  expect(Buffer.compare(read?.artifacts.get('changeset.blobs') ?? new Uint8Array(), bytes)).toBe(0);
});

describe('a gateway', () => {
  const host = async (digest: string): Promise<LeftPhase> => {
    const { inputs: _inputs, baseRepository: _base, model: _m, egress: _e, agentFiles, ...facts } = makeJob(world);
    const job = makeJob(world);
    const spec = { ...job.spec, inputs: ['agent.tar'] };
    const at = { host: 'git' as const, scope: { repository: 'a/b' }, location: '', commit: job.spec.base, depth: 1 };
    const ended = Promise.withResolvers<LeftPhase>();
    await hostGateway({
      order: { ...facts, spec, base: at, agentFiles: agentFiles ?? '', agentFilesDigest: digest },
      ticket: 't',
      store: { ...store(), putEnd: async (end) => ended.resolve(end) },
      prepare: async (order) => ({ ...job, spec: order.spec, inputs: order.inputs }),
      listen: { host: '127.0.0.1', port: 0 },
      signal: AbortSignal.abort('nobody came'),
    });
    return ended.promise;
  };

  test('serves the agent files of its order, and names them by their digest', async () => {
    const tar = Buffer.from('the files of a profile');
    const digest = await store().putAgentFiles(tar, Date.now());
    expect(digest).toBe(hash('sha256', tar));
    expect(await host(digest)).toMatchObject({ agentFiles: digest, failure: { name: 'SandboxLost' } });
  });

  test.each([
    ['are others', (key: string) => void aws().objects.set(key, Buffer.from('what somebody put there'))],
    ['are missing', (key: string) => void aws().objects.delete(key)],
  ])('serves nothing where they %s', async (_, change) => {
    const digest = await store().putAgentFiles(Buffer.from('another profile'), Date.now());
    change(`artifacts/agents/${digest}.tar`);
    expect(await host(digest)).toMatchObject({ failure: { name: 'AgentUnavailable' } });
  });
});
