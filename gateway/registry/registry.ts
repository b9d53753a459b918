import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Exchange, GatewayContext, Route } from '../context.ts';
import type { Network } from '../egress/connect.ts';
import { type Archives, keepArchive, keptArchive, maxArchive } from './archives.ts';
import { download, RedirectRefused } from './download.ts';
import { npmPath } from './npm-path.ts';
import { rewriteTarballs } from './rewrite.ts';

/** The registry URL for npm in the sandbox: a path of the relay. */
const npmMirror = (host: string): string => `http://${host}/registry/npm/`;

/** Request headers that affect a registry's response. The secret of the phase is not among them. */
const forwardedHeaders = ['accept', 'if-none-match', 'if-modified-since', 'npm-command'];
const returnedHeaders = ['content-type', 'etag', 'last-modified', 'cache-control'];
const overLimit = 'the limit for downloads from registries is reached';

/** The bytes that a phase may still download from registries. Concurrent downloads share it. */
interface Allowance {
  left: number;
}

/**
 * Serves `GET /registry/npm/<path>` from the registry in the host's npm configuration, read-only. Tarball URLs in
 * packuments are rewritten to this route.
 */
export const registryRoute = (context: GatewayContext, network: Network, archives?: Archives): Route => {
  const allowance: Allowance = { left: context.config.caps.registryBytes };
  return async (exchange) => {
    const { request, rest, url } = exchange;
    request.resume();
    const slash = rest.indexOf('/');
    const name = slash < 0 ? rest : rest.slice(0, slash);
    const subject = slash < 0 ? '' : rest.slice(slash + 1);
    const target = `${name}/${subject}`;
    const refuse = (status: number, reason: string, allow = ''): void =>
      context.refuse(exchange, status, { target, reason, allow });
    const base = Object.hasOwn(context.config.registries, name) ? context.config.registries[name] : undefined;
    if (base === undefined) {
      const shown = name.slice(0, 40);
      refuse(403, `the registry ${shown} is not allowed`, `egress: {registries: [${shown}]}`);
      return;
    }
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      refuse(405, `${method} to a registry; only GET is allowed`);
      return;
    }
    if (url.search !== '') {
      refuse(400, 'a query to a registry; only packages, their versions and archives are served');
      return;
    }
    const upstream = upstreamUrl(base, subject);
    if (upstream === undefined) {
      refuse(400, 'the path is not that of a package, of its version or of its archive');
      return;
    }
    if (allowance.left <= 0) {
      refuse(403, overLimit);
      return;
    }
    const sha512 = name === 'npm' ? archives?.checksums.get(decodeURIComponent(subject)) : undefined;
    const kept = archives && sha512 && method === 'GET' ? await keptArchive(archives, sha512) : undefined;
    if (kept) {
      exchange.response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': kept.length });
      exchange.response.end(kept);
      context.tell({ type: 'traffic', route: 'cache', target, bytes: kept.length });
      return;
    }
    const keep = archives && sha512 ? (archive: Uint8Array) => void keepArchive(archives, sha512, archive) : undefined;
    let bytes = 0;
    const count = (more: number): void => {
      bytes += more;
    };
    try {
      await forward(exchange, { base, upstream, method, network, allowance, keep, count, refuse });
    } catch (error) {
      if (!(error instanceof RedirectRefused)) throw error;
      refuse(502, `the registry redirects ${error.message}`);
    } finally {
      context.tell({ type: 'traffic', route: 'registry', target, bytes });
    }
  };
};

/**
 * The URL of a path below the registry's base; `undefined` for a path that no package manager asks for.
 * @internal for its tests
 */
export function upstreamUrl(base: string, subject: string): URL | undefined {
  const path = npmPath(subject);
  if (path === undefined) return undefined;
  const root = new URL(base.endsWith('/') ? base : `${base}/`);
  const url = new URL(root);
  url.pathname = root.pathname + path;
  return url.origin === root.origin && url.pathname.startsWith(root.pathname) ? url : undefined;
}

interface Forwarded {
  base: string;
  upstream: URL;
  method: 'GET' | 'HEAD';
  network: Network;
  allowance: Allowance;
  /** Called with a complete archive of at most `maxArchive` bytes. */
  keep: ((archive: Uint8Array) => void) | undefined;
  count(bytes: number): void;
  refuse(status: number, reason: string): void;
}

async function forward({ request, response }: Exchange, asked: Forwarded): Promise<void> {
  const { base, upstream, method, network, allowance, keep, count, refuse } = asked;
  const headers: Record<string, string> = { 'user-agent': 'drydock-gateway' };
  for (const key of forwardedHeaders) {
    const value = request.headers[key];
    if (typeof value === 'string') headers[key] = value;
  }
  const answer = await download(upstream, method, headers, network);
  const out: Record<string, string> = {};
  for (const key of returnedHeaders) {
    const value = answer.header(key);
    if (value !== undefined) out[key] = value;
  }
  if (answer.body === undefined || method === 'HEAD') {
    answer.body?.on('error', () => undefined).destroy();
    response.writeHead(answer.status, out).end();
    return;
  }
  // What is announced is reserved before it flows; what is not announced counts as it comes.
  const announced = answer.header('content-encoding') === undefined ? Number(answer.header('content-length') ?? 0) : 0;
  if (announced > allowance.left) {
    answer.body.on('error', () => undefined).destroy();
    refuse(403, overLimit);
    return;
  }
  let reserved = Number.isSafeInteger(announced) && announced > 0 ? announced : 0;
  allowance.left -= reserved;
  let bytes = 0;
  let passed: Buffer[] | undefined = keep && [];
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      count(chunk.length);
      const ofReserved = Math.min(reserved, chunk.length);
      reserved -= ofReserved;
      allowance.left -= chunk.length - ofReserved;
      if (bytes > maxArchive) passed = undefined;
      passed?.push(chunk);
      done(allowance.left < 0 ? new Error(overLimit) : null, chunk);
    },
  });
  try {
    response.writeHead(answer.status, out);
    if (out['content-type']?.includes('json') === true)
      await pipeline(
        answer.body,
        meter,
        rewriteTarballs(base, npmMirror(request.headers.host ?? '127.0.0.1')),
        response,
      );
    else await pipeline(answer.body, meter, response);
  } finally {
    allowance.left += reserved;
  }
  if (answer.status === 200 && passed !== undefined) keep?.(Buffer.concat(passed));
}
