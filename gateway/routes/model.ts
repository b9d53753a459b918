import { readFileSync } from 'node:fs';
import picomatch from 'picomatch';
import { costMicros } from '../../core/money/price.ts';
import type { ModelCall } from '../../core/run/phase.ts';
import type { GatewayConfig } from '../config.ts';
import { BadRequest, type Exchange, type GatewayContext, type Route, readBody, sendJson } from '../context.ts';
import { type Dialect, dialects, type ModelRequest } from '../meter/dialects.ts';
import { type Meter, openMeter } from '../meter/meter.ts';
import { worstCaseMicros } from '../meter/price.ts';
import { type ReplayAnswer, replayer, replaySession } from '../meter/replay.ts';
import { UsageReader } from '../meter/usage.ts';

const maxBody = 64 * 1024 * 1024;
/** Output limit in tokens for requests without one: the default maximum of the larger models. */
const defaultMaxOutput = 65_536;
/** A lower output limit is of no use; the budget counts as exhausted instead. */
const minOutput = 1_024;
/** A model may take long before its first byte. */
const upstreamTimeoutMs = 15 * 60_000;
const forwardedHeaders = ['content-type', 'accept', 'anthropic-version', 'anthropic-beta', 'openai-beta', 'user-agent'];
/** Errors that occur before the request is sent, so nothing was charged. */
const notSentCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

type Upstream = (request: ModelRequest, body: string, exchange: Exchange) => Promise<Response>;

/**
 * `POST /model/<provider>/<vendor's path>`: reserves the worst case, sends the request with the key, and settles it.
 */
export const modelRoute = (context: GatewayContext, model: NonNullable<GatewayConfig['model']>): Route => {
  const { provider } = model;
  const dialect = Object.hasOwn(dialects, provider) ? dialects[provider] : undefined;
  const meter = openMeter(context.config.meterFile, model.budgetMicros);
  const allowed = picomatch(model.allow.length === 0 ? ['!**'] : model.allow);
  const upstream =
    model.mode === 'replay' ? recorded(context, model.session) : live(dialect, model.key, model.upstream);

  return async (exchange) => {
    const slash = exchange.rest.indexOf('/');
    const path = exchange.rest.slice(slash + 1);
    const refuse = (target: string, reason: string, allow = ''): void =>
      context.refuse(exchange, 403, { target, reason, allow });
    const bytes = await readBody(exchange.request, maxBody);
    if (exchange.rest.slice(0, slash) !== provider || dialect === undefined) {
      refuse(exchange.rest.slice(0, 200), `the provider of this phase is ${provider}`);
      return;
    }
    const request = dialect.read(exchange.request.method ?? '', path, parseObject(bytes));
    if (request === undefined) {
      refuse(`${provider}/${path}`.slice(0, 200), 'the gateway does not allow this call');
      return;
    }
    const name = `${provider}/${request.model}`;
    if (!allowed(name)) refuse(name, 'the model is not allowed', `models: {allow: ["${name}"]}`);
    else if (request.hostedTool !== undefined) {
      refuse(
        `${name} ${request.hostedTool}`,
        'a tool that the vendor runs bypasses the gateway; disable it in the agent',
      );
    } else if (costMicros(provider, request.model, { input_tokens: 1, output_tokens: 1 }) === undefined) {
      refuse(name, 'the price of the model is unknown');
    } else if (request.free) await pass(exchange, await upstream(request, bytes.toString('utf8'), exchange));
    else await meteredCall(context, exchange, { provider, request, inputBytes: bytes.length, meter, upstream });
  };
};

interface Metered {
  provider: string;
  request: ModelRequest;
  inputBytes: number;
  meter: Meter;
  upstream: Upstream;
}

async function meteredCall(context: GatewayContext, exchange: Exchange, call: Metered): Promise<void> {
  const { provider, request, meter } = call;
  const { maxOutput, reserved } = reserve(call);
  if (reserved === undefined) {
    const message = `the next call of ${provider}/${request.model} could cost more than the remaining ${meter.left()} micro-dollars`;
    context.tell({ type: 'failure', name: 'BudgetExhausted', message });
    // Agents stop at 402; on 429 and 500 some retry for minutes.
    sendJson(exchange.response, 402, {
      error: { type: 'budget_exhausted', code: 402, status: 'BUDGET_EXHAUSTED', message },
    });
    return;
  }
  let answer: Response;
  try {
    answer = await call.upstream(request, JSON.stringify(request.limited(maxOutput)), exchange);
  } catch (error) {
    const code = error instanceof Error ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
    if (typeof code === 'string' && notSentCodes.has(code)) meter.settle(reserved, {}, 0);
    throw new BadRequest(502, `the model provider could not be reached (${String(code ?? 'no answer')})`);
  }
  const usage = new UsageReader(provider, request.flavor, answer.headers.get('content-type') ?? '');
  const complete = await pass(exchange, answer, (chunk) => usage.push(chunk));
  if (!answer.ok) meter.settle(reserved, {}, 0); // vendors do not charge failed calls
  const read = complete && answer.ok ? usage.result() : undefined;
  const cost = read === undefined ? undefined : costMicros(provider, request.model, read);
  if (read !== undefined && cost !== undefined) meter.settle(reserved, read, cost);
  context.tell({
    type: 'event',
    event: {
      type: 'cost',
      usdMicros:
        context.config.model?.budgetMicros === undefined ? 0 : context.config.model.budgetMicros - meter.left(),
    },
  });
}

/** Reserves the worst case. If the request sets no output limit, one that fits the budget is added. */
function reserve({ provider, request, inputBytes, meter }: Metered): {
  maxOutput: number;
  reserved: ModelCall | undefined;
} {
  const worst = (maxOutput: number): number =>
    worstCaseMicros(provider, request.model, { ...request, inputBytes, maxOutput }) ?? Number.POSITIVE_INFINITY;
  let maxOutput = request.maxOutput ?? defaultMaxOutput;
  while (request.maxOutput === undefined && maxOutput > minOutput && worst(maxOutput) > meter.left())
    maxOutput = Math.floor(maxOutput / 2);
  return {
    maxOutput,
    reserved: meter.reserve({ provider, model: request.model, kind: request.kind }, worst(maxOutput)),
  };
}

/** Forwards an answer. Reads it to its end even if the client has disconnected, because the usage comes last. */
async function pass({ response }: Exchange, answer: Response, onChunk?: (chunk: Uint8Array) => void): Promise<boolean> {
  const headers: Record<string, string> = {};
  for (const name of ['content-type', 'retry-after', 'request-id', 'x-request-id']) {
    const value = answer.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  response.writeHead(answer.status, headers);
  let complete = true;
  try {
    for await (const chunk of answer.body ?? []) {
      onChunk?.(chunk);
      if (!response.destroyed) response.write(chunk);
    }
  } catch {
    complete = false; // cut off: the usage may be incomplete, so the worst case stays charged
  }
  if (complete) response.end();
  else response.destroy();
  return complete;
}

function live(dialect: Dialect | undefined, key: string | undefined, base: string | undefined): Upstream {
  return (_request, body, { request, rest, url }) => {
    if (dialect === undefined || key === undefined)
      throw new BadRequest(500, 'the gateway has no key for this provider');
    const target = new URL(`${(base ?? dialect.upstream).replace(/\/$/, '')}/${rest.slice(rest.indexOf('/') + 1)}`);
    target.search = url.search;
    target.searchParams.delete('key');
    const headers: Record<string, string> = {
      [dialect.key.header]: dialect.key.prefix + key,
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

function recorded(context: GatewayContext, file: string | undefined): Upstream {
  const session = replaySession.parse(JSON.parse(readFileSync(file ?? '', 'utf8')));
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

function parseObject(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // falls through
  }
  throw new BadRequest(400, 'the body is not a JSON object');
}
