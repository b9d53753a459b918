import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ArchiveStore } from '../../../gateway/registry/archives.ts';
import { cachePrefix } from '../phases/store.ts';

const attempts = 3;

const keyOf = (key: string): string => `${cachePrefix}npm/${key}`;

/**
 * Package archives in the bucket, by checksum. Every failure counts as a cache miss: a phase without the cache is
 * slower but otherwise the same.
 * @param incoming Folder for archives on their way.
 */
export function createArchiveStore(client: S3Client, bucket: string, incoming: string): ArchiveStore {
  return {
    incoming,
    async get(key) {
      const file = join(incoming, `.${randomUUID()}`);
      const release = (): Promise<void> => rm(file, { force: true }).catch(() => undefined);
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(key) }));
        if (!(Body instanceof Readable)) return undefined;
        await mkdir(incoming, { recursive: true });
        await pipeline(Body, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
        return { file, release };
      } catch {
        await release();
        return undefined; // without s3:ListBucket, S3 answers 403 for a missing object
      }
    },
    async put(key, file) {
      try {
        const ContentLength = (await stat(file)).size;
        // Without it, the SDK sends a stream in signed chunks, to add a checksum at their end.
        const hash = createHash('sha256');
        for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
        const ChecksumSHA256 = hash.digest('base64');
        // Overwrites an existing object: an archive is only written if the stored one was missing or unusable.
        const object = { Bucket: bucket, Key: keyOf(key), ContentLength, ChecksumSHA256 };
        // The SDK sends a stream once.
        for (let left = attempts; left > 0; left -= 1) {
          const sent = client.send(new PutObjectCommand({ ...object, Body: createReadStream(file) }));
          if (await sent.then(() => true).catch(() => false)) return;
        }
      } catch {
        // the next phase downloads it again
      }
    },
  };
}
