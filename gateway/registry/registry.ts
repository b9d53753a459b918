import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Exchange, GatewayContext, Route } from '../context.ts';
import { type Archives, keepArchive, keptArchive, maxArchive } from './archives.ts';

/** What a sandbox's npm sees instead of the registry; the relay's address inside is a constant. */
const npmMirror = (host: string): string => `http://${host}/registry/npm/`;

/** Packuments of popular packages reach tens of MB; more than this is no packument. */
const MAX_PACKUMENT = 128 * 1024 * 1024;
const FETCH_TIMEOUT_MS = 60_000;
/** Request headers that matter to a registry's answer. The secret of the phase is not among them. */
const FORWARDED = ['accept', 'if-none-match', 'if-modified-since', 'npm-command'];
const RETURNED = ['content-type', 'etag', 'last-modified', 'cache-control'];

/**
 * `GET /registry/npm/<path>`: the registry npm is configured with on the host, read-only. Tarball addresses in
 * packuments are rewritten so that the client comes back here for them.
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
        reason: `${request.method} to a registry; only GET is let through`,
        allow: '',
      });
      return;
    }
    const upstream = upstreamUrl(base, subject, url.search);
    if (upstream === undefined) {
      context.refuse(exchange, 400, { target, reason: 'the path leaves the registry', allow: '' });
      return;
    }
    if (fetched >= context.config.caps.registryBytes) {
      context.refuse(exchange, 403, { target, reason: 'the cap on bytes from registries is reached', allow: '' });
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
 * The address of a path below the registry's base; undefined where `..` or a second authority would leave it.
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
 * Replaces the registry's address by the mirror's in every string of a JSON text.
 * @internal for its tests
 */
export const rewriteTarballs = (json: string, base: string, mirror: string): string => {
  const root = base.endsWith('/') ? base : `${base}/`;
  return json.replaceAll(root, mirror).replaceAll(root.replaceAll('/', '\\/'), mirror.replaceAll('/', '\\/'));
};

/** `@scope%2fname` is how npm asks for it at times. */
function decodePath(subject: string): string {
  try {
    return decodeURIComponent(subject);
  } catch {
    return subject;
  }
}

/** @param keep is given a whole archive that came well, if it is not too large. */
async function forward(
  { request, response }: Exchange,
  base: string,
  upstream: URL,
  left: number,
  keep: (archive: Uint8Array) => void,
): Promise<number> {
  const headers: Record<string, string> = { 'user-agent': 'drydock-gateway' };
  for (const key of FORWARDED) {
    const value = request.headers[key];
    if (typeof value === 'string') headers[key] = value;
  }
  const answer = await fetch(upstream, {
    headers,
    method: request.method ?? 'GET',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  const out: Record<string, string> = {};
  for (const key of RETURNED) {
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
      done(bytes > left ? new Error('the cap on bytes from registries is reached') : null, chunk);
    },
  });
  const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
  if (out['content-type']?.includes('json') === true) {
    const chunks: Buffer[] = [];
    for await (const chunk of body.pipe(count) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (bytes > MAX_PACKUMENT) throw new Error('packument too large');
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
