import type { GatewayConfig } from '../config.ts';
import { BadRequest, type Exchange, type GatewayContext } from '../context.ts';
import type { Dialect, ModelRequest } from '../dialects/dialect.ts';
import { type ReplayAnswer, replayer, replaySession } from '../meter/replay.ts';

/** A model may take long before its first byte. */
const upstreamTimeoutMs = 15 * 60_000;
const forwardedHeaders = ['accept', 'anthropic-version', 'anthropic-beta', 'openai-beta', 'user-agent'];

/** Sends a request to whoever answers it: the provider, or a recorded session. */
export type Upstream = (request: ModelRequest, body: string, exchange: Exchange) => Promise<Response>;

/** The provider, with the key. */
export function live(dialect: Dialect | undefined, { key, upstream }: NonNullable<GatewayConfig['model']>): Upstream {
  return (_request, body, { request, rest, url }) => {
    if (dialect === undefined || key === undefined)
      throw new BadRequest(500, 'the gateway has no key for this provider');
    const target = new URL(`${(upstream ?? dialect.upstream).replace(/\/$/, '')}/${rest.slice(rest.indexOf('/') + 1)}`);
    // Each allowed parameter once, as the gateway knows it.
    const given = new Set([...url.searchParams].map(([name, value]) => `${name}=${value}`));
    target.search = dialect.query.filter((pair) => given.has(pair)).join('&');
    const headers: Record<string, string> = {
      [dialect.key.header]: dialect.key.prefix + key,
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    };
    for (const name of forwardedHeaders) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    return fetch(target, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(upstreamTimeoutMs),
    });
  };
}

/** A recorded session. */
export function recorded(context: GatewayContext, file: Buffer): Upstream {
  const session = replaySession.parse(JSON.parse(file.toString('utf8')));
  const next = replayer(session);
  return async (request) => {
    const answer: ReplayAnswer | undefined = next(request.model, request.kind);
    if (answer !== undefined) return new Response(answer.body, { status: answer.status, headers: answer.headers });
    const message = `the recorded session has no further call ${request.kind} of ${session.provider}/${request.model}`;
    context.tell({ type: 'failure', name: 'ReplayDiverged', message });
    // Not 404 or 5xx: on those, agents retry or switch to another model.
    return Response.json({ error: { type: 'replay_diverged', code: 400, message } }, { status: 400 });
  };
}
