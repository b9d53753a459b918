import { Readable } from 'node:stream';
import { AwsV4Signer } from 'aws4fetch';
import { defined } from '../../../core/defined.ts';
import type { CredentialHeader } from '../../../core/egress/rule.ts';
import type { ModelEndpoint } from '../../../core/models/endpoint.ts';
import type { AwsKeys } from '../../../core/ports/runtime/model-access.ts';
import type { GatewayConfig } from '../../config.ts';
import { BadRequest, type Exchange, type GatewayContext } from '../../context.ts';
import { redactions } from '../../credential.ts';
import type { Dialect, ModelRequest } from '../../dialects/dialect.ts';
import { loadEventFrames } from '../../meter/event-frames.ts';
import { type ReplayAnswer, replayer, replaySession } from '../../meter/replay.ts';
import type { Replacement } from '../../replace.ts';
import { googleToken } from './google-token.ts';
import { type ProviderAnswer, postTo } from './provider-request.ts';

/** The longest answers are streams of some 100,000 tokens. */
const upstreamTimeoutMs = 60 * 60_000;
const forwardedHeaders = ['accept', 'anthropic-version', 'anthropic-beta', 'openai-beta', 'user-agent'];

/** Where a request goes. */
export interface ModelCallTarget {
  request: ModelRequest;
  /** The path as programs name it, below `/model/<provider>/`. */
  path: string;
}

export interface UpstreamAnswer {
  answer: ProviderAnswer;
  /** The credential that was sent, which the answer may echo. */
  hidden: readonly Replacement[];
}

/**
 * Sends a request to whoever answers it: the provider, or a recorded session.
 * @throws BadRequest if there is no credential, so that nothing was sent.
 */
export type Upstream = (call: ModelCallTarget, body: string, exchange: Exchange) => Promise<UpstreamAnswer>;

/** The provider, with its credential. */
export function live(
  dialect: Dialect,
  endpoint: ModelEndpoint,
  access: Pick<NonNullable<GatewayConfig['model']>, 'key' | 'header' | 'aws' | 'serviceAccount'>,
  /** Milliseconds until the headers of an answer have come. */
  headersMs: number,
): Upstream {
  const base = endpoint.baseUrl ?? dialect.baseUrl(endpoint);
  const token = access.serviceAccount === undefined ? undefined : googleToken(access.serviceAccount);
  return async ({ path }, body, { request, url }) => {
    const target = new URL(`${base}/${dialect.target(path, endpoint)}`);
    // Each allowed parameter once, as the gateway knows it.
    const given = new Set([...url.searchParams].map(([name, value]) => `${name}=${value}`));
    target.search = dialect.query.filter((pair) => given.has(pair)).join('&');
    const headers: Record<string, string> = { 'content-type': 'application/json', 'accept-encoding': 'identity' };
    for (const name of forwardedHeaders) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    if (endpoint.kind === 'bedrock') await loadEventFrames();
    const credential = await credentialFor(target, headers, body).catch((error: unknown) => {
      // Its message may be a part of the credential.
      throw error instanceof BadRequest
        ? error
        : new BadRequest(502, 'the credential of the provider could not be read or renewed');
    });
    const answer = await postTo(target, { ...headers, ...credential.headers }, body, {
      headersMs,
      wholeMs: upstreamTimeoutMs,
    });
    return { answer, hidden: credential.hidden };
  };

  /** The headers that hold the credential, and what an answer may not hold of them. */
  async function credentialFor(
    target: URL,
    headers: Record<string, string>,
    body: string,
  ): Promise<{ headers: Record<string, string>; hidden: Replacement[] }> {
    if (access.aws !== undefined) {
      const keys = typeof access.aws === 'function' ? await access.aws() : access.aws;
      return signed(target, headers, body, endpoint, keys);
    }
    const header = await headerFor();
    if (header !== undefined) return { headers: { [header.name]: header.value }, hidden: redactions(header) };
    if (endpoint.credential === 'none') return { headers: {}, hidden: [] };
    throw new BadRequest(500, 'the gateway has no credential for this provider');
  }

  async function headerFor(): Promise<CredentialHeader | undefined> {
    if (access.header !== undefined) return access.header;
    if (access.key !== undefined) return { name: dialect.key.header, value: dialect.key.prefix + access.key };
    return token === undefined ? undefined : { name: 'authorization', value: `Bearer ${await token()}` };
  }
}

/** The headers of a request to Amazon Bedrock, signed. */
async function signed(
  target: URL,
  headers: Record<string, string>,
  body: string,
  { region }: ModelEndpoint,
  { accessKeyId, secretAccessKey, sessionToken }: AwsKeys,
): Promise<{ headers: Record<string, string>; hidden: Replacement[] }> {
  const signer = new AwsV4Signer({
    method: 'POST',
    url: target.href,
    headers,
    body,
    service: 'bedrock',
    accessKeyId,
    secretAccessKey,
    ...defined({ sessionToken, region }),
  });
  const sent = (await signer.sign()).headers;
  // AWS itself echoes what was signed, with the session token, if it refuses the signature.
  const signature = /Signature=(\w+)/.exec(sent.get('authorization') ?? '')?.[1];
  const secrets = [secretAccessKey, accessKeyId, sessionToken, signature];
  return {
    headers: Object.fromEntries(sent),
    hidden: secrets.flatMap((value) => (value === undefined ? [] : redactions({ name: '', value }))),
  };
}

/** A recorded session. */
export function recorded(context: GatewayContext, file: Buffer): Upstream {
  const session = replaySession.parse(JSON.parse(file.toString('utf8')));
  const next = replayer(session);
  return async ({ request }) => {
    const answer: ReplayAnswer | undefined = next(request.model, request.kind);
    if (answer !== undefined) {
      const { body, status, headers } = answer;
      return { answer: { status, headers: lowered(headers), body: Readable.from([Buffer.from(body)]) }, hidden: [] };
    }
    const message = `the recorded session has no further call ${request.kind} of ${session.provider}/${request.model}`;
    context.tell({ type: 'failure', name: 'ReplayDiverged', message });
    // Not 404 or 5xx: on those, agents retry or switch to another model.
    const error = { type: 'replay_diverged', code: 400, message };
    const text = JSON.stringify({ error });
    const headers = { 'content-type': 'application/json' };
    return { answer: { status: 400, headers, body: Readable.from([Buffer.from(text)]) }, hidden: [] };
  };
}

const lowered = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
