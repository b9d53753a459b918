import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ArchiveStore } from '../../../gateway/registry/archives.ts';
import { cachePrefix } from '../phases/store.ts';

const keyOf = (sha512: string): string => `${cachePrefix}npm/${sha512}`;

/**
 * Archives of packages by checksum in the bucket. What fails is as if nothing were there: a phase without its cache is
 * slower and otherwise the same.
 */
export function createArchiveStore(client: S3Client, bucket: string): ArchiveStore {
  return {
    async get(sha512) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(sha512) }));
        return await Body?.transformToByteArray();
      } catch {
        return undefined; // S3 answers 403 for what is not there, to who may not list
      }
    },
    async put(sha512, bytes) {
      // Over whatever is there: it was of no use, or there would be no reason to write.
      const object = { Bucket: bucket, Key: keyOf(sha512), Body: bytes };
      await client.send(new PutObjectCommand(object)).catch(() => undefined);
    },
  };
}
