import { createReadStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Exchange, GatewayContext, Route } from '../context.ts';
import { redactions, withoutSecrets } from '../credential.ts';
import type { Network } from '../egress/connect.ts';
import { type Replacement, replaceTexts } from '../replace.ts';
import { type Archives, keepingArchive, keptArchive, lockedArchive } from './archives.ts';
import { cratesConfig, crateUrl } from './crates.ts';
import { download, RedirectRefused, Unanswered } from './download.ts';
import { type RegistryKind, splitSubject } from './parts.ts';
import { rewriteUrls } from './rewrite.ts';
import { asFolder, askedPart, isPrivateModule, mirrorOf, type Upstream, upstreamOf } from './upstreams.ts';

/** Request headers that affect a registry's response. The secret of the phase is not among them. */
const forwardedHeaders = ['accept', 'if-none-match', 'if-modified-since', 'npm-command'];
const returnedHeaders = ['content-type', 'etag', 'last-modified', 'cache-control'];
const overLimit = 'the limit for downloads from registries is reached';

/** The bytes that a phase may still download. Concurrent downloads share it. */
export interface Allowance {
  left: number;
}

/** What is asked of a mirror, by whichever URL. */
interface Asked {
  /** Name of the mirror, as below `/registry/`. */
  name: string;
  /** Path below it, percent-encoded. */
  subject: string;
  query: boolean;
  /** URL of a mirror for who asks, with a slash at the end. */
  urlOf(name: string): string;
}

/** Answers a request for a mirror. */
export type Mirrors = (exchange: Exchange, asked: Asked) => Promise<void>;

/** `GET /registry/<name>/<path>`. */
export const registryRoute =
  (mirrors: Mirrors): Route =>
  (exchange) => {
    const { name, path } = splitSubject(exchange.rest);
    const host = exchange.request.headers.host ?? '127.0.0.1';
    return mirrors(exchange, {
      name,
      subject: path,
      query: exchange.url.search !== '',
      urlOf: (name) => `http://${host}/registry/${name}/`,
    });
  };

/**
 * Serves packages from the registries that are configured on the host and in the policy, read-only. URLs in documents are
 * rewritten to the mirrors.
 */
export const createMirrors = (
  context: GatewayContext,
  network: Network,
  allowance: Allowance,
  archives?: Archives,
): Mirrors => {
  const { config } = context;
  return async (exchange, { name, subject, query, urlOf }) => {
    const { request, response } = exchange;
    request.resume();
    const target = `${name}/${subject}`;
    const refuse = (status: number, reason: string, allow = ''): void =>
      context.refuse(exchange, status, { target, reason, allow });
    const mirror = mirrorOf(name);
    const isServed =
      mirror && (mirror.index !== undefined || Object.hasOwn(config.registries, askedPart(mirror.partName)));
    if (mirror === undefined || !isServed) {
      const shown = mirror?.part.kind ?? name.slice(0, 40);
      refuse(403, `the registry ${shown} is not allowed`, `egress: {registries: [${shown}]}`);
      return;
    }
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      refuse(405, `${method} to a registry; only GET is allowed`);
      return;
    }
    if (query) {
      refuse(400, 'a query to a registry; only packages, their versions and archives are served');
      return;
    }
    const path = mirror.part.path(withoutBase(subject, config.registries[askedPart(mirror.partName)]));
    const found = path === undefined ? undefined : upstreamOf(config, mirror, path);
    const upstream = found && upstreamUrl(found.base, path);
    if (found === undefined || upstream === undefined || path === undefined) {
      refuse(400, 'the path is not one of this kind of registry');
      return;
    }
    if (name === 'go-sum' && isPrivateModule(config, path)) {
      refuse(403, 'the checksum database is not asked about private modules');
      return;
    }
    // Links of its pages are relative to their URL.
    if (mirror.index === undefined && found.mirror !== name && mirror.part.kind === 'pypi') {
      response.writeHead(302, { location: `${urlOf(found.mirror)}${path}`, 'content-length': 0 }).end();
      return;
    }
    const fixed = fixedAnswer(mirror.partName, subject, urlOf(filesOf(found.mirror)));
    if (fixed !== undefined) {
      response.writeHead(200, { 'content-type': fixed.type }).end(fixed.body);
      return;
    }
    if (allowance.left <= 0) {
      refuse(403, overLimit);
      return;
    }
    const locked = archives && method === 'GET' ? lockedArchive(archives, mirror.partName, path) : undefined;
    const kept = archives && locked && (await keptArchive(archives, locked));
    if (kept) {
      context.tell({ type: 'traffic', route: 'cache', target, bytes: kept.bytes });
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': kept.bytes });
      const sent = kept.content === undefined ? createReadStream(kept.file) : Readable.from([kept.content]);
      await pipeline(sent, response).finally(kept.release);
      return;
    }
    const keep = archives && locked ? () => keepingArchive(archives, locked) : undefined;
    let bytes = 0;
    const count = (more: number): void => {
      bytes += more;
    };
    const { links } = mirror.part;
    const replacements = [
      { from: found.base, to: urlOf(found.mirror) },
      ...(links === undefined ? [] : [{ from: asFolder(config.registries[links] ?? ''), to: urlOf(links) }]),
    ].filter(({ from, to }) => from !== '/' && from !== to);
    try {
      await forward(exchange, {
        found,
        upstream,
        part: mirror.partName,
        method,
        network,
        allowance,
        keep,
        count,
        refuse,
        note: (status) => {
          const answers = `the registry ${new URL(found.base).host} answers ${status}`;
          if (status >= 400 && !(status === 404 && isOrdinary404[mirror.part.kind]))
            context.record({ target, reason: answers, allow: '' }, request);
        },
        replacements,
      });
    } catch (error) {
      if (error instanceof Unanswered)
        // By its host, so that the many packages of an install are one entry.
        context.refuse(exchange, 502, {
          target: error.host,
          reason: `the registry ${mirror.part.kind} ${error.message}`,
          allow: '',
        });
      else if (error instanceof RedirectRefused) refuse(502, `the registry redirects ${error.message}`);
      else throw error;
    } finally {
      context.tell({ type: 'traffic', route: 'registry', target, bytes });
    }
  };
};

/** A path without that of the registry's base: tools replace only the host of a URL that a lock file names. */
function withoutBase(subject: string, base: string | undefined): string {
  const folder = base === undefined ? '' : new URL(asFolder(base)).pathname.slice(1);
  return folder !== '' && subject.startsWith(folder) ? subject.slice(folder.length) : subject;
}

/** Name of the mirror with the archives of an index of crates: `crates~0` → `crates-files~0`. */
const filesOf = (mirror: string): string => mirror.replace(/^crates/, 'crates-files');

/** Documents that the mirror answers by itself. */
function fixedAnswer(name: string, subject: string, files: string): { type: string; body: string } | undefined {
  if (name === 'crates' && subject === 'config.json') return { type: 'application/json', body: cratesConfig(files) };
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
  found: Upstream;
  upstream: URL;
  part: string;
  /** URLs of documents, and the mirror's in their place. */
  replacements: Replacement[];
  method: 'GET' | 'HEAD';
  network: Network;
  allowance: Allowance;
  /** Makes what stores the archive that flows through it. */
  keep: (() => Transform) | undefined;
  count(bytes: number): void;
  refuse(status: number, reason: string): void;
  /** Notes the status of the registry's answer. */
  note(status: number): void;
}

/**
 * Whether a client asks for what may not be there. From others, a 404 is why an install fails: a package of a private registry
 * that is asked elsewhere, or a version that a mirror lacks.
 */
const isOrdinary404: Record<RegistryKind, boolean> = { npm: false, pypi: false, maven: true, go: true, crates: false };

async function forward({ request, response }: Exchange, asked: Forwarded): Promise<void> {
  const { found, upstream, part, method, network, allowance, keep, count, refuse, note, replacements } = asked;
  const { credential } = found;
  const secrets = credential === undefined ? [] : redactions(credential);
  const headers: Record<string, string> = { 'user-agent': 'drydock-gateway' };
  for (const key of forwardedHeaders) {
    const value = request.headers[key];
    if (typeof value === 'string') headers[key] = value;
  }
  const root = new URL(found.base);
  const from = { root, network, credential };
  const url =
    part === 'crates-files' ? await crateUrl(upstream.pathname.slice(root.pathname.length), headers, from) : upstream;
  const answer = await download(url, method, headers, from);
  note(answer.status);
  const out: Record<string, string> = {};
  for (const key of returnedHeaders) {
    const value = answer.header(key);
    if (value !== undefined) out[key] = withoutSecrets(value, secrets);
  }
  if (secrets.length > 0 && !/^(?:identity)?$/.test(answer.header('content-encoding') ?? '')) {
    answer.body?.on('error', () => undefined).destroy();
    refuse(502, 'the registry compresses its answer, so that a credential in it could not be found');
    return;
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
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count(chunk.length);
      const ofReserved = Math.min(reserved, chunk.length);
      reserved -= ofReserved;
      allowance.left -= chunk.length - ofReserved;
      done(allowance.left < 0 ? new Error(overLimit) : null, chunk);
    },
  });
  try {
    response.writeHead(answer.status, out);
    await pipeline([
      answer.body,
      meter,
      ...(keep !== undefined && answer.status === 200 ? [keep()] : []),
      ...(secrets.length > 0 ? [replaceTexts(secrets)] : []),
      ...(replacements.length > 0 && /json|html/.test(out['content-type'] ?? '') ? [rewriteUrls(replacements)] : []),
      response,
    ]);
  } finally {
    allowance.left += reserved;
  }
}
