import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

const attempts = 3;

/** Stores a file as an object without reading it into memory. @throws The error of the last attempt. */
export async function putFile(client: S3Client, bucket: string, key: string, file: string): Promise<void> {
  const ContentLength = (await stat(file)).size;
  // Without it, the SDK sends a stream in signed chunks, to add a checksum at their end.
  const ChecksumSHA256 = await sha256Of(file, 'base64');
  const object = { Bucket: bucket, Key: key, ContentLength, ChecksumSHA256 };
  // The SDK sends a stream once.
  for (let left = attempts; ; left -= 1) {
    try {
      await client.send(new PutObjectCommand({ ...object, Body: createReadStream(file) }));
      return;
    } catch (error) {
      if (left <= 1) throw error;
    }
  }
}

export async function sha256Of(file: string, encoding: 'base64' | 'hex'): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest(encoding);
}
