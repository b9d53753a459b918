/** Loaded with the first request that a rule allows: TLS takes a sixth of the time in which a gateway starts. */

import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as tlsConnect } from 'node:tls';
import type { GatewaySettings } from '../config.ts';
import type { Exchange, GatewayContext } from '../context.ts';
import { redactions, withoutSecrets } from '../credential.ts';
import type { Network } from '../egress/connect.ts';
import { isPublicAddress } from '../egress/public-address.ts';
import type { Allowance } from '../registry/registry.ts';
import { replaceTexts } from '../replace.ts';

/** Time without a byte from the host. */
const idleMs = 120_000;

interface Allowed {
  host: string;
  /** Path and query, as they were asked. */
  path: string;
  rule: GatewaySettings['rules'][number];
  refuse(status: number, reason: string): void;
}
export type Forward = (exchange: Exchange, allowed: Allowed) => Promise<void>;

/** Headers about one connection (RFC 9110 §7.6.1), and those of proxies. */
const hopByHop =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|host|http2-settings|proxy-.*|drydock-.*|alt-svc)$/;

/** The host could not be asked, with a reason for people. */
class Unreachable extends Error {}

/** Sends requests to the hosts of rules, at addresses that were checked. */
export function createForward(context: GatewayContext, network: Network, allowance: Allowance): Forward {
  const { secrets } = context.config;
  const agent = new CheckedAgent(network);
  return async ({ request, response, gone }, { host, path, rule, refuse }) => {
    const { credential } = rule;
    const hidden = credential === undefined ? [] : redactions(credential);
    const secretHeader = credential?.name.toLowerCase();
    const headers = pairs(request.rawHeaders)
      .filter(([name]) => isForwarded(name, request) && name.toLowerCase() !== secretHeader)
      // The secret of the agent is of no use elsewhere, and nobody else has to know it.
      .filter(([, value]) => !value.includes(secrets.agent))
      .filter(([name]) => credential === undefined || name.toLowerCase() !== 'accept-encoding');
    headers.push(['host', host], ...framing(request));
    if (credential !== undefined) headers.push([credential.name, credential.value], ['accept-encoding', 'identity']);
    const shown = `${request.method} ${host}${path.split('?', 1)[0]}`;
    let bytes = 0;
    const report = (status: number): void =>
      context.tell({ type: 'traffic', route: 'rule', target: shown, status, bytes });
    let answer: IncomingMessage;
    try {
      answer = await ask(
        { agent, host, servername: host, path, method: request.method, headers: headers.flat(), signal: gone },
        request,
        rule.bodyBytes,
        (sent) => {
          bytes += sent;
        },
      );
    } catch (error) {
      if (gone.aborted) return;
      report(0);
      const message = error instanceof Error ? error.message : String(error);
      return refuse(error instanceof TooLong ? 413 : 502, withoutSecrets(message, hidden));
    }
    const status = answer.statusCode ?? 502;
    const out = pairs(answer.rawHeaders)
      .filter(([name]) => isForwarded(name, answer))
      .filter(([name]) => hidden.length === 0 || name.toLowerCase() !== 'content-length')
      .map(([name, value]) => [name, withoutSecrets(value, hidden)]);
    if (hidden.length > 0 && !/^(?:identity)?$/.test(answer.headers['content-encoding'] ?? '')) {
      answer.destroy();
      report(status);
      return refuse(502, 'the host compresses its answer, so that a credential in it could not be found');
    }
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        allowance.left -= chunk.length;
        done(allowance.left < 0 ? new Error('the limit for downloads is reached') : null, chunk);
      },
    });
    try {
      response.writeHead(status, answer.statusMessage, out.flat());
      await pipeline([answer, meter, ...(hidden.length > 0 ? [replaceTexts(hidden)] : []), response]);
    } finally {
      report(status);
    }
  };
}

/** Node writes a body without a length as it is, for methods that usually have none; the next request would be in it. */
function framing({ headers, method }: IncomingMessage): [string, string][] {
  if (headers['transfer-encoding'] !== undefined) return [['transfer-encoding', 'chunked']];
  return headers['content-length'] === undefined && method !== 'GET' && method !== 'HEAD'
    ? [['content-length', '0']]
    : [];
}

const pairs = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []));

/** A connection may name further headers that are about itself only. */
function isForwarded(name: string, { headers }: IncomingMessage): boolean {
  const lower = name.toLowerCase();
  const own = (headers.connection ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim());
  return !hopByHop.test(lower) && !(own.includes(lower) && lower !== 'content-length');
}

class TooLong extends Error {}

function ask(
  options: RequestOptions,
  from: IncomingMessage,
  maxBytes: number,
  onSent: (bytes: number) => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ ...options, timeout: idleMs });
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Unreachable('the host does not answer')));
    request.once('response', resolve);
    let length = 0;
    const bounded = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        length += chunk.length;
        onSent(chunk.length);
        done(length > maxBytes ? new TooLong(`the body is over the rule's limit of ${maxBytes} bytes`) : null, chunk);
      },
    });
    pipeline(from, bounded, request).catch((error: Error) => {
      request.destroy(error);
      reject(error);
    });
  });
}

/** Connects to addresses that were checked, and proves the host by its certificate. */
class CheckedAgent extends Agent {
  readonly #network: Network;

  constructor(network: Network) {
    super({ keepAlive: true, maxSockets: 16, maxFreeSockets: 8, timeout: idleMs });
    this.#network = network;
  }

  override createConnection(
    options: RequestOptions,
    done?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const host = options.host ?? '';
    this.#connect(host).then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as unknown as Duplex),
    );
    return undefined;
  }

  async #connect(host: string): Promise<Duplex> {
    const addresses = await this.#network.resolve(host).catch(() => []);
    const [address] = addresses;
    if (address === undefined) throw new Unreachable('the name does not resolve');
    if (!addresses.every(isPublicAddress)) throw new Unreachable('the name resolves to a private address');
    const socket = await this.#network.dial(address, 443, host);
    return tlsConnect({ socket, servername: host, ALPNProtocols: ['http/1.1'] });
  }
}
