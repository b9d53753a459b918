import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ArchiveStore } from '../../../gateway/registry/archives.ts';
import { cachePrefix } from '../phases/store.ts';
import { putFile } from '../put-file.ts';

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
        // Overwrites an existing object: an archive is only written if the stored one was missing or unusable.
        await putFile(client, bucket, keyOf(key), file);
      } catch {
        // the next phase downloads it again
      }
    },
  };
}
