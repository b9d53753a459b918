/** Registries of one's own: which packages are asked there, with which credential, and that nobody else learns it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GatewayConfig } from '../../../gateway/config.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { createGateway } from '../../../gateway/server.ts';
import { configOf, secrets } from '../../unit/gateway/fixture.ts';

const token = 'token-of-the-registry-0123456789';
const credential = { name: 'authorization', value: `Bearer ${token}` };

interface Site {
  url: string;
  asked: { path: string; authorization: string | undefined }[];
}
type Answer = { status?: number; headers?: http.OutgoingHttpHeaders; body?: string };

let folder: string;
let told: GatewayMessage[];
let closing: (() => void)[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gw-'));
  told = [];
  closing = [];
});
afterEach(() => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true });
});

async function site(base: string, answer: (path: string, site: Site, authorization: string) => Answer): Promise<Site> {
  const server = http.createServer((request, response) => {
    const { authorization } = request.headers;
    own.asked.push({ path: request.url ?? '', authorization });
    const { status = 200, headers = {}, body = '' } = answer(request.url ?? '', own, authorization ?? '');
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const own: Site = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`, asked: [] };
  return own;
}

async function start(changes: Partial<GatewayConfig>): Promise<(target: string) => Promise<Required<Answer>>> {
  const config = configOf(folder, changes);
  const own = told;
  const server = await createGateway(config, (message) => own.push(message));
  server.listen(config.socket);
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (target) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${secrets.agent}`, host: '127.0.0.1:8787' };
      const request = http.get({ socketPath: config.socket, path: target, headers }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      request.on('error', reject);
    });
}

const refusals = () => told.flatMap((m) => (m.type === 'refusal' ? [m.refusal] : []));
const everything = (answers: Required<Answer>[]): string => JSON.stringify([answers, told]);

test('npm: a scope is asked at its registry alone, with the credential, below the base path; others at the public one', async () => {
  const open = await site('/', () => ({ status: 404 }));
  const own = await site('/artifactory/api/npm/npm/', (at, self, authorization) =>
    at.endsWith('%2fmissing')
      ? { status: 404, body: `no such package for ${authorization}` }
      : { body: JSON.stringify({ at, tarball: `${self.url}@acme/a/-/a-1.0.0.tgz`, authorization }) },
  );
  const ask = await start({
    registries: { npm: open.url },
    private: [{ kind: 'npm', scope: '@acme', url: own.url, credential }],
  });
  const found = await ask('/registry/npm/@acme%2fa');
  expect(JSON.parse(found.body)).toEqual({
    at: '/artifactory/api/npm/npm/@acme%2fa',
    tarball: 'http://127.0.0.1:8787/registry/npm/@acme/a/-/a-1.0.0.tgz',
    authorization: 'Bearer [redacted]',
  });
  const missing = await ask('/registry/npm/@acme%2fmissing');
  expect(missing).toMatchObject({ status: 404, body: 'no such package for Bearer [redacted]' });
  expect(open.asked).toEqual([]);
  const other = await ask('/registry/npm/@acme-other%2fa');
  expect(open.asked).toEqual([{ path: '/@acme-other%2fa', authorization: undefined }]);
  expect(own.asked.map(({ authorization }) => authorization)).toEqual(Array(2).fill(credential.value));
  expect(everything([found, missing, other])).not.toContain(token);
});

test('REAL-USE 25: a path of a lock file that has the base path already is asked once below it', async () => {
  const own = await site('/artifactory/api/npm/npm/', () => ({ body: '{}' }));
  const ask = await start({ registries: { npm: own.url }, private: [{ kind: 'npm', url: own.url, credential }] });
  await ask('/registry/npm/artifactory/api/npm/npm/dep/-/dep-1.0.0.tgz');
  await ask('/registry/npm/dep/-/dep-1.0.0.tgz');
  expect(own.asked).toEqual(
    Array(2).fill({ path: '/artifactory/api/npm/npm/dep/-/dep-1.0.0.tgz', authorization: credential.value }),
  );
});

test('a redirect to another place is followed without the credential, or refused', async () => {
  const elsewhere = await site('/', (_at, _self, authorization) => ({ body: authorization }));
  const own = await site('/', () => ({ status: 302, headers: { location: `${elsewhere.url}?t=${token}` } }));
  const ask = await start({ registries: { npm: own.url }, private: [{ kind: 'npm', url: own.url, credential }] });
  const answer = await ask('/registry/npm/dep/-/dep-1.0.0.tgz');
  expect(answer.status).toBe(502);
  expect(elsewhere.asked).toEqual([]);
  expect(everything([answer])).not.toContain(token);
});

test('PyPI: projects of a scope are asked at their index, whose relative links lead to it; others at the public one', async () => {
  const open = await site('/', () => ({ body: 'public' }));
  const own = await site('/api/pypi/', (at) => ({ body: at }));
  const ask = await start({
    registries: { pypi: open.url, 'pypi-files': open.url },
    private: [{ kind: 'pypi', scope: 'acme-*', url: own.url, credential }],
  });
  const moved = await ask('/registry/pypi/simple/acme-tools/');
  expect(moved).toMatchObject({
    status: 302,
    headers: { location: 'http://127.0.0.1:8787/registry/pypi~0/simple/acme-tools/' },
  });
  expect((await ask('/registry/pypi~0/simple/acme-tools/')).body).toBe('/api/pypi/simple/acme-tools/');
  expect((await ask('/registry/pypi~0/packages/acme_tools-1.0-py3-none-any.whl')).status).toBe(200);
  expect(open.asked).toEqual([]);
  expect((await ask('/registry/pypi/simple/acme/')).body).toBe('public');
  expect((await ask('/registry/pypi~1/simple/acme/')).status).toBe(400);
});

test('Go: modules of a prefix are asked at their proxy, and their names are not told to the checksum database', async () => {
  const open = await site('/', () => ({ body: 'public' }));
  const own = await site('/', () => ({ body: 'own' }));
  const ask = await start({
    registries: { go: open.url, 'go-sum': open.url },
    private: [{ kind: 'go', scope: 'go.Acme.example/team', url: own.url, credential }],
  });
  expect((await ask('/registry/go/go.!acme.example/team/lib/@v/list')).body).toBe('own');
  expect((await ask('/registry/go/go.!acme.example/teams/lib/@v/list')).body).toBe('public');
  expect((await ask('/registry/go/sumdb/sum.golang.org/lookup/go.!acme.example/team/lib@v1.0.0')).status).toBe(403);
  expect((await ask('/registry/go/sumdb/sum.golang.org/lookup/go.!acme.example/teams/lib@v1.0.0')).body).toBe('public');
  expect(refusals()).toMatchObject([{ reason: 'the checksum database is not asked about private modules' }]);
  expect(open.asked.map((each) => each.path).filter((each) => /team\//.test(each))).toEqual([]);
});

test('Maven: a group is asked at its repository; crates: an index says where its archives are', async () => {
  const open = await site('/maven2/', () => ({ body: 'public' }));
  const own = await site('/repo/', () => ({ body: 'own' }));
  const index = await site('/index/', (at, self) =>
    at.endsWith('config.json') ? { body: JSON.stringify({ dl: `${self.url}dl` }) } : { body: at },
  );
  const ask = await start({
    registries: { maven: open.url, crates: index.url },
    private: [
      { kind: 'maven', scope: 'com.acme', url: own.url, credential },
      { kind: 'crates', url: index.url, credential },
    ],
  });
  expect((await ask('/registry/maven/com/acme/lib/1/lib-1.pom')).body).toBe('own');
  expect((await ask('/registry/maven/com/acmex/lib/1/lib-1.pom')).body).toBe('public');
  expect(JSON.parse((await ask('/registry/crates/config.json')).body)).toMatchObject({
    dl: 'http://127.0.0.1:8787/registry/crates-files',
  });
  expect((await ask('/registry/crates-files/greet/1.0.0/download')).body).toBe('/index/dl/greet/1.0.0/download');
  expect(index.asked.map(({ authorization }) => authorization)).toEqual(Array(2).fill(credential.value));
});

test('what a registry refuses or does not have is in the report, by its host, where that is not ordinary', async () => {
  const lacking = await site('/', (at) => ({
    status: at.includes('secret') ? 401 : at.includes('broken') ? 503 : 404,
  }));
  const { host } = new URL(lacking.url);
  const kinds = ['npm', 'pypi', 'crates', 'go', 'maven'];
  const ask = await start({ registries: Object.fromEntries(kinds.map((kind) => [kind, lacking.url])) });
  for (const [path, status] of [
    ['npm/@acme%2fdep', 404],
    ['npm/dep/-/dep-1.0.0.tgz', 404],
    ['npm/secret', 401],
    ['pypi/simple/dep/', 404],
    ['crates/se/rd/serde', 404],
    ['go/example.com/broken/@v/list', 503],
    // A client of these asks several registries, or for each part of a path.
    ['go/example.com/dep/@v/list', 404],
    ['maven/com/acme/dep/1.0/dep-1.0.pom', 404],
  ] as const)
    expect([path, (await ask(`/registry/${path}`)).status]).toEqual([path, status]);
  expect(refusals().map(({ target, reason }) => `${target}: ${reason.replace(host, 'HOST')}`)).toEqual([
    'npm/@acme%2fdep: the registry HOST answers 404',
    'npm/dep/-/dep-1.0.0.tgz: the registry HOST answers 404',
    'npm/secret: the registry HOST answers 401',
    'pypi/simple/dep/: the registry HOST answers 404',
    'crates/se/rd/serde: the registry HOST answers 404',
    'go/example.com/broken/@v/list: the registry HOST answers 503',
  ]);
});
