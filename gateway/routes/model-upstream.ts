import { AwsV4Signer } from 'aws4fetch';
import { defined } from '../../core/defined.ts';
import type { ModelEndpoint } from '../../core/models/endpoint.ts';
import type { AwsKeys } from '../../core/ports/runtime/model-access.ts';
import type { GatewayConfig } from '../config.ts';
import { BadRequest, type Exchange, type GatewayContext } from '../context.ts';
import type { Dialect, ModelRequest } from '../dialects/dialect.ts';
import { loadEventFrames } from '../meter/event-frames.ts';
import { type ReplayAnswer, replayer, replaySession } from '../meter/replay.ts';
import { googleToken } from './google-token.ts';

/** The longest answers are streams of some 100,000 tokens. */
const upstreamTimeoutMs = 60 * 60_000;
const forwardedHeaders = ['accept', 'anthropic-version', 'anthropic-beta', 'openai-beta', 'user-agent'];

/** Where a request goes. */
export interface ModelCallTarget {
  request: ModelRequest;
  /** The path as programs name it, below `/model/<provider>/`. */
  path: string;
}

/** Sends a request to whoever answers it: the provider, or a recorded session. */
export type Upstream = (call: ModelCallTarget, body: string, exchange: Exchange) => Promise<Response>;

/** The provider, with its credential. */
export function live(
  dialect: Dialect,
  endpoint: ModelEndpoint,
  access: Pick<NonNullable<GatewayConfig['model']>, 'key' | 'header' | 'aws' | 'serviceAccount'>,
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
    if (access.header !== undefined) headers[access.header.name] = access.header.value;
    else if (access.key !== undefined) headers[dialect.key.header] = dialect.key.prefix + access.key;
    else if (token !== undefined) headers.authorization = `Bearer ${await token()}`;
    else if (access.aws === undefined && endpoint.credential !== 'none')
      throw new BadRequest(500, 'the gateway has no credential for this provider');
    if (endpoint.kind === 'bedrock') await loadEventFrames();
    const sent =
      access.aws === undefined
        ? headers
        : await signed(
            target,
            headers,
            body,
            endpoint,
            typeof access.aws === 'function' ? await access.aws() : access.aws,
          );
    return fetch(target, {
      method: 'POST',
      headers: sent,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(upstreamTimeoutMs),
    });
  };
}

/** The headers of a request to Amazon Bedrock, signed. */
async function signed(
  target: URL,
  headers: Record<string, string>,
  body: string,
  { region }: ModelEndpoint,
  { accessKeyId, secretAccessKey, sessionToken }: AwsKeys,
): Promise<Headers> {
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
  return (await signer.sign()).headers;
}

/** A recorded session. */
export function recorded(context: GatewayContext, file: Buffer): Upstream {
  const session = replaySession.parse(JSON.parse(file.toString('utf8')));
  const next = replayer(session);
  return async ({ request }) => {
    const answer: ReplayAnswer | undefined = next(request.model, request.kind);
    if (answer !== undefined) return new Response(answer.body, { status: answer.status, headers: answer.headers });
    const message = `the recorded session has no further call ${request.kind} of ${session.provider}/${request.model}`;
    context.tell({ type: 'failure', name: 'ReplayDiverged', message });
    // Not 404 or 5xx: on those, agents retry or switch to another model.
    return Response.json({ error: { type: 'replay_diverged', code: 400, message } }, { status: 400 });
  };
}
