import { lookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { DrydockError } from '../../core/errors.ts';
import { isLoopback } from '../../core/models/local-host.ts';
import type { WebhookTarget } from '../../core/notification/policy-schema.ts';
import { everybody } from '../../core/notification/recipients.ts';
import { webhookJson } from '../../core/notification/render/webhook.ts';
import { minSecret, signatureOf } from '../../core/notification/signature.ts';
import type { Channel } from '../../core/ports/runtime/notifier.ts';
import { isPublicAddress } from '../../gateway/egress/public-address.ts';

const timeoutMs = 10_000;
/** Bytes of a response that are read; the answer is its status. */
const maxResponse = 64 * 1024;

export interface WebhookConfig extends WebhookTarget {
  secret(): Promise<string>;
  now(): number;
  /** Whether the policy may name this machine: in a deployment, the loopback address has an API of the function. */
  loopback: boolean;
  resolve?(host: string): Promise<string[]>;
  /** Certificate authority besides those of the system, for tests. */
  ca?: string;
}

/**
 * Each notice as signed JSON to one URL. The address is resolved once, checked, and connected to as checked; redirects
 * are not followed. A delivery may come twice, with the same Drydock-Id.
 */
export function createWebhookChannel(config: WebhookConfig): Channel {
  return {
    name: 'webhook',
    recipients: everybody,
    async send(notice, _recipient, id) {
      const secret = await config.secret();
      if (secret.length < minSecret)
        throw new DrydockError(
          'SecretMissing',
          `The secret in ${config.secret_env} has fewer than ${minSecret} characters.`,
          {
            remedy: `Store a random secret there, for example of: openssl rand -hex 32.`,
          },
        );
      const url = new URL(config.url);
      const address = await addressOf(url, config);
      const body = webhookJson(notice, id);
      const status = await post(
        url,
        address,
        body,
        {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Drydock',
          'drydock-id': id,
          'drydock-signature': signatureOf(secret, body, Math.floor(config.now() / 1_000)),
        },
        config.ca,
      );
      if (status >= 200 && status < 300) return;
      if (status === 408 || status === 429 || status >= 500)
        throw new DrydockError('Conflict', `The webhook answered ${status}; the message is tried again.`);
      throw new DrydockError('ServiceRefused', `The webhook refused the message with ${status}.`, {
        remedy:
          status >= 300 && status < 400
            ? 'Write the URL that it redirects to into notify.webhook.url; redirects are not followed.'
            : 'Correct notify.webhook.url, or what the receiver does with the message.',
      });
    },
  };
}

/** The address to connect to. @throws ServiceRefused for one that the policy does not allow. */
async function addressOf({ hostname, protocol }: URL, config: WebhookConfig): Promise<string> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const named = config.private_hosts.includes(host) || config.private_hosts.includes(hostname);
  if (isLoopback(hostname) && config.loopback) return host === 'localhost' ? '127.0.0.1' : host;
  if (protocol !== 'https:') throw refused(`${hostname} is reached without TLS`);
  const resolve =
    config.resolve ?? (async (name: string) => (await lookup(name, { all: true })).map((each) => each.address));
  const addresses = await resolve(host).catch(() => []);
  const [address] = addresses;
  if (address === undefined)
    throw new DrydockError(
      'Conflict',
      `The name of the webhook, ${hostname}, does not resolve; the message is tried again.`,
    );
  if (!addresses.every(isPublicAddress) && !named) throw refused(`${hostname} has a private address`);
  return address;
}

const refused = (why: string): DrydockError =>
  new DrydockError('ServiceRefused', `The webhook is not called: ${why}.`, {
    remedy: 'Use an https URL of a public host, or list the host under notify.webhook.private_hosts.',
  });

function post(url: URL, address: string, body: string, headers: Record<string, string>, ca?: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const family = address.includes(':') ? 6 : 4;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
    ...(ca === undefined ? {} : { ca }),
    lookup: (_host, options, done) =>
      options.all === true ? done(null, [{ address, family }]) : done(null, address, family),
  });
  // The error is no `cause`: what it quotes is not for people.
  request.once('error', () =>
    reject(new DrydockError('Conflict', `The webhook at ${url.host} did not answer; the message is tried again.`)),
  );
  request.once('response', (response) => {
    let read = 0;
    response.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > maxResponse) response.destroy();
    });
    response.once('error', () => undefined);
    response.once('close', () => resolve(response.statusCode ?? 502));
  });
  request.end(body);
  return promise;
}
