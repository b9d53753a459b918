import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Exchange, GatewayContext, Route } from '../context.ts';
import { type Archives, keepArchive, keptArchive, maxArchive } from './archives.ts';

/** The registry URL for npm in the sandbox: a path of the relay. */
const npmMirror = (host: string): string => `http://${host}/registry/npm/`;

/** Limit for a packument; those of popular packages have tens of MB. */
const maxPackument = 128 * 1024 * 1024;
const fetchTimeoutMs = 60_000;
/** Request headers that affect a registry's response. The secret of the phase is not among them. */
const forwardedHeaders = ['accept', 'if-none-match', 'if-modified-since', 'npm-command'];
const returnedHeaders = ['content-type', 'etag', 'last-modified', 'cache-control'];

/**
 * Serves `GET /registry/npm/<path>` from the registry in the host's npm configuration, read-only. Tarball URLs in
 * packuments are rewritten to this route.
 */
export const registryRoute = (context: GatewayContext, archives?: Archives): Route => {
  let fetched = 0;
  return async (exchange) => {
    const { request, rest, url } = exchange;
    request.resume();
    const slash = rest.indexOf('/');
    const name = slash < 0 ? rest : rest.slice(0, slash);
    const subject = slash < 0 ? '' : rest.slice(slash + 1);
    const target = `${name}/${subject}`.slice(0, 300);
    const base = Object.hasOwn(context.config.registries, name) ? context.config.registries[name] : undefined;
    if (base === undefined) {
      context.refuse(exchange, 403, {
        target,
        reason: `the registry ${name.slice(0, 40)} is not allowed`,
        allow: `egress: {registries: [${name.slice(0, 40)}]}`,
      });
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      context.refuse(exchange, 405, {
        target,
        reason: `${request.method} to a registry; only GET is allowed`,
        allow: '',
      });
      return;
    }
    const upstream = upstreamUrl(base, subject, url.search);
    if (upstream === undefined) {
      context.refuse(exchange, 400, { target, reason: 'the path is outside the registry', allow: '' });
      return;
    }
    if (fetched >= context.config.caps.registryBytes) {
      context.refuse(exchange, 403, {
        target,
        reason: 'the limit for downloads from registries is reached',
        allow: '',
      });
      return;
    }
    const sha512 = name === 'npm' ? archives?.checksums.get(decodePath(subject)) : undefined;
    const kept = archives && sha512 && request.method === 'GET' ? await keptArchive(archives, sha512) : undefined;
    if (kept) {
      exchange.response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': kept.length });
      exchange.response.end(kept);
      context.tell({ type: 'traffic', route: 'cache', target, bytes: kept.length });
      return;
    }
    const keep =
      archives && sha512 ? (archive: Uint8Array) => void keepArchive(archives, sha512, archive) : () => undefined;
    const bytes = await forward(exchange, base, upstream, context.config.caps.registryBytes - fetched, keep);
    fetched += bytes;
    context.tell({ type: 'traffic', route: 'registry', target, bytes });
  };
};

/**
 * The URL of a path below the registry's base; `undefined` if `..` or a second authority would leave it.
 * @internal for its tests
 */
export function upstreamUrl(base: string, subject: string, search: string): URL | undefined {
  const root = new URL(base.endsWith('/') ? base : `${base}/`);
  if (/(^|\/)(\.|%2e){2}(\/|$)/i.test(subject) || subject.includes('\\')) return undefined;
  const url = new URL(root);
  url.pathname = root.pathname + subject;
  url.search = search;
  return url.origin === root.origin && url.pathname.startsWith(root.pathname) ? url : undefined;
}

/**
 * Replaces the registry's URL by the mirror's in every string of a JSON text.
 * @internal for its tests
 */
export const rewriteTarballs = (json: string, base: string, mirror: string): string => {
  const root = base.endsWith('/') ? base : `${base}/`;
  return json.replaceAll(root, mirror).replaceAll(root.replaceAll('/', '\\/'), mirror.replaceAll('/', '\\/'));
};

/** npm sometimes requests scoped packages as `@scope%2fname`. */
function decodePath(subject: string): string {
  try {
    return decodeURIComponent(subject);
  } catch {
    return subject;
  }
}

/** @param keep Called with each complete archive of at most `maxArchive` bytes. */
async function forward(
  { request, response }: Exchange,
  base: string,
  upstream: URL,
  left: number,
  keep: (archive: Uint8Array) => void,
): Promise<number> {
  const headers: Record<string, string> = { 'user-agent': 'drydock-gateway' };
  for (const key of forwardedHeaders) {
    const value = request.headers[key];
    if (typeof value === 'string') headers[key] = value;
  }
  const answer = await fetch(upstream, {
    headers,
    method: request.method ?? 'GET',
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  const out: Record<string, string> = {};
  for (const key of returnedHeaders) {
    const value = answer.headers.get(key);
    if (value !== null) out[key] = value;
  }
  if (answer.body === null || request.method === 'HEAD') {
    response.writeHead(answer.status, out).end();
    return 0;
  }
  let bytes = 0;
  const passed: Buffer[] = [];
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= maxArchive) passed.push(chunk);
      else passed.length = 0;
      done(bytes > left ? new Error('the limit for downloads from registries is reached') : null, chunk);
    },
  });
  const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
  if (out['content-type']?.includes('json') === true) {
    const chunks: Buffer[] = [];
    for await (const chunk of body.pipe(count) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (bytes > maxPackument) throw new Error('the packument is too large');
    }
    const mirror = npmMirror(request.headers.host ?? '127.0.0.1');
    const text = rewriteTarballs(Buffer.concat(chunks).toString('utf8'), base, mirror);
    response.writeHead(answer.status, { ...out, 'content-length': Buffer.byteLength(text) });
    response.end(text);
  } else {
    response.writeHead(answer.status, out);
    await pipeline(body, count, response);
    if (answer.status === 200 && bytes <= maxArchive) keep(Buffer.concat(passed));
  }
  return bytes;
}
