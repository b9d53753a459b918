import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Exchange, GatewayContext, Route } from '../context.ts';
import type { Network } from '../egress/connect.ts';
import { type Archives, keepArchive, keptArchive, maxArchive } from './archives.ts';
import { cratesConfig, crateUrl } from './crates.ts';
import { download, RedirectRefused } from './download.ts';
import { partOf, splitSubject } from './parts.ts';
import { type Replacement, rewriteUrls } from './rewrite.ts';

/** URL of the mirrors in the sandbox: a path of the relay. */
const mirrorUrl = (host: string): string => `http://${host}/registry/`;

/** Request headers that affect a registry's response. The secret of the phase is not among them. */
const forwardedHeaders = ['accept', 'if-none-match', 'if-modified-since', 'npm-command'];
const returnedHeaders = ['content-type', 'etag', 'last-modified', 'cache-control'];
const overLimit = 'the limit for downloads from registries is reached';

/** The bytes that a phase may still download from registries. Concurrent downloads share it. */
interface Allowance {
  left: number;
}

/**
 * Serves `GET /registry/<part>/<path>` from the registries that are configured on the host, read-only. URLs in documents
 * are rewritten to this route.
 */
export const registryRoute = (context: GatewayContext, network: Network, archives?: Archives): Route => {
  const allowance: Allowance = { left: context.config.caps.registryBytes };
  return async (exchange) => {
    const { request, rest, url } = exchange;
    request.resume();
    const { name, path: subject } = splitSubject(rest);
    const target = `${name}/${subject}`;
    const refuse = (status: number, reason: string, allow = ''): void =>
      context.refuse(exchange, status, { target, reason, allow });
    const part = partOf(name);
    // An index says where its crates are.
    const asked = name === 'crates-files' ? 'crates' : name;
    const base = Object.hasOwn(context.config.registries, asked) ? context.config.registries[asked] : undefined;
    if (base === undefined || part === undefined) {
      const shown = part?.kind ?? name.slice(0, 40);
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
    const upstream = upstreamUrl(base, part.path(subject));
    if (upstream === undefined) {
      refuse(400, 'the path is not one of this kind of registry');
      return;
    }
    const mirror = mirrorUrl(request.headers.host ?? '127.0.0.1');
    const fixed = fixedAnswer(name, subject, mirror);
    if (fixed !== undefined) {
      exchange.response.writeHead(200, { 'content-type': fixed.type }).end(fixed.body);
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
    const { registries } = context.config;
    const replacements = [
      { from: asFolder(base), to: `${mirror}${name}/` },
      ...(part.links === undefined
        ? []
        : [{ from: asFolder(registries[part.links] ?? ''), to: `${mirror}${part.links}/` }]),
    ].filter(({ from }) => from !== '/');
    try {
      await forward(exchange, {
        base,
        upstream,
        part: name,
        method,
        network,
        allowance,
        keep,
        count,
        refuse,
        replacements,
      });
    } catch (error) {
      if (!(error instanceof RedirectRefused)) throw error;
      refuse(502, `the registry redirects ${error.message}`);
    } finally {
      context.tell({ type: 'traffic', route: 'registry', target, bytes });
    }
  };
};

const asFolder = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

/** Documents that the mirror answers by itself. */
function fixedAnswer(name: string, subject: string, mirror: string): { type: string; body: string } | undefined {
  if (name === 'crates' && subject === 'config.json') return { type: 'application/json', body: cratesConfig(mirror) };
  // Go then asks the mirror for the checksums, and not the database itself.
  return name === 'go-sum' && subject === 'supported' ? { type: 'text/plain', body: '' } : undefined;
}

/**
 * The URL of a path below the registry's base; `undefined` for a path that no package manager asks for.
 * @internal for its tests
 */
export function upstreamUrl(base: string, path: string | undefined): URL | undefined {
  if (path === undefined) return undefined;
  const root = new URL(asFolder(base));
  const url = new URL(root);
  url.pathname = root.pathname + path;
  return url.origin === root.origin && url.pathname.startsWith(root.pathname) ? url : undefined;
}

interface Forwarded {
  base: string;
  upstream: URL;
  part: string;
  /** URLs of documents, and the mirror's in their place. */
  replacements: Replacement[];
  method: 'GET' | 'HEAD';
  network: Network;
  allowance: Allowance;
  /** Called with a complete archive of at most `maxArchive` bytes. */
  keep: ((archive: Uint8Array) => void) | undefined;
  count(bytes: number): void;
  refuse(status: number, reason: string): void;
}

async function forward({ request, response }: Exchange, asked: Forwarded): Promise<void> {
  const { base, upstream, part, method, network, allowance, keep, count, refuse, replacements } = asked;
  const headers: Record<string, string> = { 'user-agent': 'drydock-gateway' };
  for (const key of forwardedHeaders) {
    const value = request.headers[key];
    if (typeof value === 'string') headers[key] = value;
  }
  const root = new URL(asFolder(base));
  const url =
    part === 'crates-files'
      ? await crateUrl(root, upstream.pathname.slice(root.pathname.length), headers, network)
      : upstream;
  const answer = await download(url, method, headers, network, root);
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
    if (/json|html/.test(out['content-type'] ?? ''))
      await pipeline(answer.body, meter, rewriteUrls(replacements), response);
    else await pipeline(answer.body, meter, response);
  } finally {
    allowance.left += reserved;
  }
  if (answer.status === 200 && passed !== undefined) keep?.(Buffer.concat(passed));
}
