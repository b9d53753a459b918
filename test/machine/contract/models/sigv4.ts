import { createHash, createHmac } from 'node:crypto';
import type { Asked } from './kit.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
/** Each segment is encoded once more than it was sent, for every service but S3. */
const canonicalPath = (path: string): string =>
  path
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/');

/**
 * The signature that a request should have, worked out from what was received
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */
export function expectedSignature(asked: Asked, secret: string): { given: string; expected: string; scope: string } {
  const match = /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
    asked.headers.authorization ?? '',
  );
  if (match === null) throw new Error(`no signature: ${asked.headers.authorization}`);
  const [, scope = '', names = '', given = ''] = match;
  const [path = '', query = ''] = asked.path.split('?');
  const headers = names.split(';').map((name) => `${name}:${String(asked.headers[name]).trim()}\n`);
  const hash = String(asked.headers['x-amz-content-sha256'] ?? sha256(asked.body));
  const request = [asked.method, canonicalPath(path), query, headers.join(''), names, hash].join('\n');
  const date = String(asked.headers['x-amz-date']);
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(request)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((part, text) => hmac(part, text), `AWS4${secret}`);
  return { given, expected: hmac(key, toSign).toString('hex'), scope };
}
