import { createHash } from 'node:crypto';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { DrydockError } from '../../core/errors.ts';
import type { Artifacts } from '../../core/ports/store/artifacts.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Artifacts by digest in a bucket, under `artifacts/`. Existing objects are never overwritten. */
export function createS3Artifacts(client: S3Client, bucket: string): Artifacts {
  const keyOf = (digest: string): string => {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new DrydockError('FileUnreadable', `${digest} is not a digest.`);
    return `artifacts/${digest}`;
  };
  return {
    async put(bytes) {
      const digest = sha256(bytes);
      try {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: keyOf(digest), Body: bytes, IfNoneMatch: '*' }));
      } catch (error) {
        if (!(error instanceof S3ServiceException && error.name === 'PreconditionFailed')) throw error;
      }
      return digest;
    },
    async get(digest) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(digest) }));
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
        if (sha256(bytes) === digest) return bytes;
      } catch (error) {
        if (error instanceof NoSuchKey) throw new DrydockError('FileUnreadable', `There is no artifact ${digest}.`);
        throw error;
      }
      throw new DrydockError('FileUnreadable', `Artifact ${digest} is damaged.`);
    },
  };
}
