/** S3's part of the stand-in: objects of buckets, by path. */
import type { IncomingMessage } from 'node:http';
import { type AwsCall, AwsRefusal } from './stand-in.ts';

export function objects() {
  const bytes = new Map<string, Uint8Array>();
  const times = new Map<string, Date>();
  const actions: Record<string, string> = { GET: 's3:GetObject', HEAD: 's3:GetObject', PUT: 's3:PutObject' };
  return {
    bytes,
    /** Undefined for what is no request for an object. */
    callOf(method: string, url: URL): Omit<AwsCall, 'principal'> | undefined {
      const action = actions[method];
      if (!action || !/^\/[^/]+\/.+/.test(url.pathname)) return undefined;
      return { action, resource: decodeURIComponent(url.pathname.slice(1)), input: {} };
    },
    answer(request: IncomingMessage, url: URL, body: Buffer) {
      const key = decodeURIComponent(url.pathname.slice(1));
      if (request.method === 'PUT') {
        if (request.headers['content-encoding']?.includes('aws-chunked'))
          throw new AwsRefusal('NotImplemented', key, 501);
        bytes.set(key, body);
        times.set(key, new Date());
        return { status: 200, body: Buffer.alloc(0), headers: { etag: '"e"' } };
      }
      const found = bytes.get(key);
      if (!found) throw new AwsRefusal(request.method === 'HEAD' ? 'NotFound' : 'NoSuchKey', key, 404);
      const headers = {
        'content-length': String(found.length),
        'last-modified': (times.get(key) ?? new Date()).toUTCString(),
        etag: '"e"',
      };
      return { status: 200, body: Buffer.from(found), type: 'application/octet-stream', headers };
    },
  };
}
