import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { CredentialHeader } from '../../core/egress/rule.ts';
import type { Network } from '../egress/connect.ts';
import { isPublicAddress } from '../egress/public-address.ts';

const timeoutMs = 60_000;
const maxRedirects = 3;
const redirects = new Set([301, 302, 303, 307, 308]);

/** A registry that sends its clients to a place where the gateway does not follow. */
export class RedirectRefused extends Error {}

/** A registry, or the host to which it redirects, that gives no answer. */
export class Unanswered extends Error {
  readonly host: string;
  constructor({ host }: URL, cause: unknown) {
    super(`does not answer: ${reasonOf(cause)}`, { cause });
    this.host = host;
  }
}

/** `fetch` says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${timeoutMs / 1_000} seconds`;
  if (error.cause !== undefined) return reasonOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

export interface Download {
  status: number;
  header(name: string): string | undefined;
  /** `undefined` if there is none. */
  body: Readable | undefined;
}

/** A registry, and the way to others to which it redirects. */
export interface Origin {
  /** Base URL of the registry. */
  root: URL;
  network: Network;
  /** Sent to the registry's own origin only. */
  credential: CredentialHeader | undefined;
}

/**
 * Asks a registry, and follows its redirects to its own origin, and to public addresses over HTTPS. A registry of a
 * company may be at a private address; it must not be able to choose another one.
 * @throws RedirectRefused, Unanswered
 */
export async function download(
  url: URL,
  method: 'GET' | 'HEAD',
  headers: Record<string, string>,
  { root, network, credential }: Origin,
): Promise<Download> {
  const own = {
    ...headers,
    ...(credential === undefined ? {} : { [credential.name]: credential.value, 'accept-encoding': 'identity' }),
  };
  const signal = AbortSignal.timeout(timeoutMs);
  let target = url;
  for (let count = 0; count <= maxRedirects; count += 1) {
    const address = target.origin === root.origin ? undefined : await publicAddress(target, network);
    const asked =
      address === undefined
        ? fromRegistry(target, method, own, signal)
        : foreign(target, method, headers, signal, address);
    const answer = await asked.catch((error: unknown) => {
      throw new Unanswered(target, error);
    });
    const location = answer.header('location');
    if (!redirects.has(answer.status) || location === undefined) return answer;
    answer.body?.on('error', () => undefined).destroy();
    if (!URL.canParse(location, target.href)) throw new RedirectRefused('to an invalid address');
    target = new URL(location, target);
  }
  throw new RedirectRefused(`more than ${maxRedirects} times`);
}

async function fromRegistry(
  url: URL,
  method: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Download> {
  const answer = await fetch(url, { method, headers, signal, redirect: 'manual' });
  return {
    status: answer.status,
    header: (name) => answer.headers.get(name) ?? undefined,
    body: answer.body === null ? undefined : Readable.fromWeb(answer.body as ReadableStream<Uint8Array>),
  };
}

/** Dials the address that was checked: a second resolution could give another one. */
async function foreign(
  url: URL,
  method: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  address: string,
): Promise<Download> {
  // Loaded here because few registries redirect: TLS takes a sixth of the time in which a gateway starts.
  const { request: httpsRequest } = await import('node:https');
  const { promise, resolve, reject } = Promise.withResolvers<Download>();
  const family = address.includes(':') ? 6 : 4;
  const request = httpsRequest(url, {
    method,
    headers: { ...headers, 'accept-encoding': 'identity' },
    signal,
    lookup: (_host, options, done) =>
      options.all === true ? done(null, [{ address, family }]) : done(null, address, family),
  });
  request.once('error', reject);
  request.once('response', (response) => {
    const header = (name: string): string | undefined => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    resolve({ status: response.statusCode ?? 502, header, body: response });
  });
  request.end();
  return promise;
}

async function publicAddress(url: URL, network: Network): Promise<string> {
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '')
    throw new RedirectRefused(`to ${url.protocol}//${url.host}, which is not plain HTTPS`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = await network.resolve(host).catch(() => []);
  const [address] = addresses;
  if (address === undefined || !addresses.every(isPublicAddress))
    throw new RedirectRefused(`to ${url.host}, which is not at a public address`);
  return address;
}
