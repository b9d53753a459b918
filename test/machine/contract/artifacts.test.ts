import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createS3Artifacts } from '../../../adapters/aws/artifacts.ts';
import { awsError } from '../../../adapters/aws/errors.ts';
import { createFolderArtifacts } from '../../../adapters/local/storage/artifacts.ts';
import type { Artifacts } from '../../../core/ports/store/artifacts.ts';
import { on } from '../../support/aws/faults.ts';
import { actions, awsForTests, sdkTries, thrownBy } from './aws-fixture.ts';

const bucket = 'artifacts';
const aws = awsForTests(() => ({}));
const folder = mkdtempSync(join(tmpdir(), 'drydock-artifacts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const digestOf = (of: Uint8Array): string => createHash('sha256').update(of).digest('hex');
const s3 = (): Artifacts => createS3Artifacts(new S3Client({}), bucket);

const worlds: [string, { open(): Artifacts; damage(digest: string): void; count(): number }][] = [
  [
    'a folder',
    {
      open: () => createFolderArtifacts(folder),
      damage: (digest) => writeFileSync(join(folder, digest.slice(0, 2), digest.slice(2)), 'other'),
      count: () => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).length,
    },
  ],
  [
    'S3',
    {
      open: s3,
      damage: (digest) => aws().objects.set(`${bucket}/artifacts/${digest}`, bytes('other')),
      count: () => aws().objects.size,
    },
  ],
];

describe.each(worlds)('artifacts in %s', (_, world) => {
  it('come back as they were put, under their SHA-256', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (content) => {
        const digest = await world.open().put(content);
        expect(digest).toBe(digestOf(content));
        expect(Buffer.from(await world.open().get(digest)).equals(content)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('R11 are stored once, however often and by however many they are put', async () => {
    const content = bytes('the same');
    await world.open().put(content);
    const before = world.count();
    const digests = await Promise.all(Array.from({ length: 10 }, () => world.open().put(content)));
    expect(new Set(digests)).toEqual(new Set([digestOf(content)]));
    expect(world.count()).toBe(before);
  });

  it('say that they are not there, damaged, or that it is no digest', async () => {
    const digest = await world.open().put(bytes('whole'));
    world.damage(digest);
    for (const asked of [digest, '0'.repeat(64), 'x', '../../secret', '', `${'0'.repeat(63)}A`])
      await expect(world.open().get(asked)).rejects.toMatchObject({ name: 'FileUnreadable' });
  });
});

describe('artifacts in S3, when AWS fails', () => {
  it.each([
    'cut',
    'lost',
    'broken',
    { code: 'SlowDown', status: 503 },
  ] as const)('are there after a put whose first try was %o', async (fault) => {
    const content = bytes(`put ${JSON.stringify(fault)}`);
    aws().faults.push({ match: on('s3:PutObject'), do: fault });
    const digest = await s3().put(content);
    expect(actions(aws())).toEqual(['s3:PutObject', 's3:PutObject']);
    expect(Buffer.from(await s3().get(digest)).equals(content)).toBe(true);
  });

  it('R11 are not written over', async () => {
    const digest = await s3().put(bytes('first'));
    const stored = aws().objects.get(`${bucket}/artifacts/${digest}`);
    await s3().put(bytes('first'));
    expect(aws().objects.get(`${bucket}/artifacts/${digest}`)).toBe(stored);
  });

  it('are tried again later where S3 stays away, and not where it refuses', async () => {
    aws().faults.push({ match: on('s3:PutObject'), times: sdkTries, do: 'cut' });
    expect(awsError(await thrownBy(s3().put(bytes('away'))))).toMatchObject({ name: 'Conflict' });
    aws().faults.push({ match: on('s3:GetObject'), do: { code: 'AccessDenied', status: 403 } });
    expect(awsError(await thrownBy(s3().get('0'.repeat(64))))).toMatchObject({ name: 'ServiceRefused' });
  });

  it('R38 ask for no more than to put and to get objects by name', async () => {
    const digest = await s3().put(bytes('granted'));
    await s3().get(digest);
    const object = `arn:aws:s3:::${bucket}/artifacts/${digest}`;
    expect(aws().calls.flatMap(({ needs }) => needs)).toEqual([
      { action: 's3:PutObject', resource: object },
      { action: 's3:GetObject', resource: object },
    ]);
    expect(aws().calls.map(({ principal }) => principal)).toEqual(['AKIATEST', 'AKIATEST']);
  });
});
