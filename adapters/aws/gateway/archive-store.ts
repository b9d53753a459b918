import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ArchiveStore } from '../../../gateway/registry/archives.ts';
import { cachePrefix } from '../phases/store.ts';

const keyOf = (sha512: string): string => `${cachePrefix}npm/${sha512}`;

/**
 * Package archives in the bucket, by checksum. Every failure counts as a cache miss: a phase without the cache is
 * slower but otherwise the same.
 */
export function createArchiveStore(client: S3Client, bucket: string): ArchiveStore {
  return {
    async get(sha512) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(sha512) }));
        return await Body?.transformToByteArray();
      } catch {
        return undefined; // without s3:ListBucket, S3 answers 403 for a missing object
      }
    },
    async put(sha512, bytes) {
      // Overwrites an existing object: an archive is only written if the stored one was missing or unusable.
      const object = { Bucket: bucket, Key: keyOf(sha512), Body: bytes };
      await client.send(new PutObjectCommand(object)).catch(() => undefined);
    },
  };
}
