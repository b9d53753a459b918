/** S3's part of the stand-in: objects of buckets, by path. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsRefusal } from './call.ts';

const operations: Record<string, string> = { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject' };
const arnOf = (path: string): string => `arn:aws:s3:::${path}`;
const xmlText = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

export function objects() {
  const bytes = new Map<string, Uint8Array>();
  const times = new Map<string, Date>();

  /** Names after a name, a thousand at most, as S3 lists them. */
  const list = (bucket: string, query: URLSearchParams) => {
    const names = [...bytes.keys()]
      .filter((path) => path.startsWith(`${bucket}/${query.get('prefix') ?? ''}`))
      .map((path) => path.slice(bucket.length + 1))
      .filter((name) => name > (query.get('continuation-token') ?? ''))
      .sort();
    const page = names.slice(0, Number(query.get('max-keys') ?? 1_000));
    const more = page.length < names.length;
    const contents = page.map(
      (name) =>
        `<Contents><Key>${xmlText(name)}</Key><Size>${bytes.get(`${bucket}/${name}`)?.length ?? 0}</Size></Contents>`,
    );
    const next = more ? `<NextContinuationToken>${xmlText(page.at(-1) ?? '')}</NextContinuationToken>` : '';
    return xml(
      `<ListBucketResult><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
    );
  };

  return {
    bytes,
    /** Undefined for what is no request to S3 that Drydock makes. */
    callOf(method: string, url: URL): { action: string; resource: string } | undefined {
      const path = decodeURIComponent(url.pathname.slice(1));
      const [bucket = '', ...key] = path.split('/');
      if (bucket !== '' && key.join('/') === '') {
        const listing = method === 'GET' && url.searchParams.get('list-type') === '2';
        return listing ? { action: 's3:ListObjectsV2', resource: arnOf(bucket) } : undefined;
      }
      const operation = operations[method];
      const asked = url.searchParams.get('x-id') ?? operation;
      if (bucket === '' || operation === undefined || asked !== operation) return undefined;
      return { action: `s3:${operation}`, resource: arnOf(path) };
    },
    answer(request: IncomingMessage, url: URL, body: Buffer) {
      const path = decodeURIComponent(url.pathname.slice(1));
      if (url.searchParams.get('list-type') === '2') return list(path.split('/')[0] ?? '', url.searchParams);
      if (request.method === 'PUT') {
        if (request.headers['content-encoding']?.includes('aws-chunked'))
          throw new AwsRefusal('NotImplemented', path, 501);
        if (request.headers['if-none-match'] === '*' && bytes.has(path))
          throw new AwsRefusal('PreconditionFailed', 'At least one of the pre-conditions did not hold', 412);
        bytes.set(path, body);
        times.set(path, new Date());
        return { status: 200, body: Buffer.alloc(0), headers: { etag: etagOf(body) } };
      }
      const found = bytes.get(path);
      if (!found) throw new AwsRefusal(request.method === 'HEAD' ? 'NotFound' : 'NoSuchKey', path, 404);
      const headers = {
        'content-length': String(found.length),
        'last-modified': (times.get(path) ?? new Date()).toUTCString(),
        etag: etagOf(found),
      };
      return { status: 200, body: Buffer.from(found), type: 'application/octet-stream', headers };
    },
  };
}

const etagOf = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`;
const xml = (text: string) => ({
  status: 200,
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${text}`),
  type: 'application/xml',
});
