import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Manifest {
  config: { digest: string };
  layers: { digest: string; size: number }[];
}
export interface ImageRegistry {
  /** `127.0.0.1:port`. */
  host: string;
  /** The manifest of a tag, with its digest. */
  manifest(name: string, tag: string): (Manifest & { digest: string }) | undefined;
  close(): Promise<void>;
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry that images can be pushed to, in memory: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push */
export async function startRegistry(): Promise<ImageRegistry> {
  const blobs = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer[]>();
  const tags = new Map<string, Buffer>();
  const server: Server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://registry');
    const body = await buffer(request);
    const answer = (status: number, headers: Record<string, string> = {}, text?: Buffer): void => {
      response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : text);
    };
    const upload = /^\/v2\/(.+)\/blobs\/uploads\/(\d*)$/.exec(pathname);
    const blob = /^\/v2\/.+\/blobs\/(sha256:[0-9a-f]{64})$/.exec(pathname)?.[1];
    const manifest = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(pathname);
    if (pathname === '/v2/') return answer(200);
    if (upload && request.method === 'POST') {
      const id = String(uploads.size + 1);
      uploads.set(id, []);
      return answer(202, { location: `/v2/${upload[1]}/blobs/uploads/${id}`, range: '0-0' });
    }
    const parts = uploads.get(upload?.[2] ?? '');
    if (upload && parts && request.method === 'PATCH') {
      parts.push(body);
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      return answer(202, { location: pathname, range: `0-${length - 1}` });
    }
    if (upload && parts && request.method === 'PUT') {
      const whole = Buffer.concat([...parts, body]);
      if (sha256(whole) !== searchParams.get('digest')) return answer(400);
      blobs.set(sha256(whole), whole);
      return answer(201, { 'docker-content-digest': sha256(whole) });
    }
    const found = blob ? blobs.get(blob) : manifest ? tags.get(`${manifest[1]}:${manifest[2]}`) : undefined;
    if (manifest && request.method === 'PUT') {
      tags.set(`${manifest[1]}:${manifest[2]}`, body);
      return answer(201, { 'docker-content-digest': sha256(body) });
    }
    if (!found) return answer(404);
    answer(200, { 'content-length': String(found.length), 'docker-content-digest': sha256(found) }, found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    manifest(name, tag) {
      const bytes = tags.get(`${name}:${tag}`);
      return bytes && { ...(JSON.parse(bytes.toString()) as Manifest), digest: sha256(bytes) };
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
