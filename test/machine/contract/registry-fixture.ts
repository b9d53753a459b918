/** A registry with one package, on the host's loopback or another of its addresses, as npm would be configured with. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Registry {
  url: string;
  integrity: string;
  /** Method, path and authorization of each request. */
  requests: { method: string; path: string; authorization: string | undefined }[];
  close(): void;
}

export async function startRegistry({ name = 'tiny', version = '1.2.3', host = '127.0.0.1' } = {}): Promise<Registry> {
  const folder = mkdtempSync(path.join(tmpdir(), 'registry-'));
  mkdirSync(path.join(folder, 'package'));
  writeFileSync(path.join(folder, 'package/package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  writeFileSync(path.join(folder, 'package/index.js'), "module.exports = 'tiny works';\n");
  execFileSync('tar', ['-czf', 'tiny.tgz', 'package'], { cwd: folder });
  const tarball = readFileSync(path.join(folder, 'tiny.tgz'));
  rmSync(folder, { recursive: true });
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;

  const archive = `${name}/-/${name}-${version}.tgz`;
  const registry: Registry = { url: '', integrity, requests: [], close: () => server.close() };
  const server = http.createServer((request, response) => {
    registry.requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization,
    });
    if (request.url === `/mirror/${archive}`) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(tarball);
    } else if (request.url === `/mirror/${name}`) {
      const dist = { tarball: `${registry.url}${archive}`, integrity };
      const versions = { [version]: { name, version, dist } };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }));
    } else response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, host);
  await once(server, 'listening');
  registry.url = `http://${host}:${(server.address() as AddressInfo).port}/mirror/`;
  return registry;
}
