import { readFileSync } from 'node:fs';
import picomatch from 'picomatch';
import { type JsonLimits, parseJson } from '../../core/bounded-json.ts';
import { costMicros } from '../../core/money/price.ts';
import type { ModelCall } from '../../core/run/phase.ts';
import type { GatewayConfig } from '../config.ts';
import { BadRequest, type Exchange, type GatewayContext, type Route, readBody, sendJson } from '../context.ts';
import type { Dialect, ModelRequest } from '../dialects/dialect.ts';
import { dialects } from '../meter/dialects.ts';
import { type Meter, openMeter } from '../meter/meter.ts';
import { reportedMicros, worstCaseMicros } from '../meter/price.ts';
import { UsageReader } from '../meter/usage.ts';
import { live, recorded, type Upstream } from './model-upstream.ts';

/** The largest request that a vendor takes: 32 MB (Anthropic). */
const maxBody = 32 * 1024 * 1024;
/** A conversation of a million tokens has a tenth of this. */
const jsonLimits: JsonLimits = { depth: 100, values: 500_000 };
/** Output limit in tokens for requests without one: the default maximum of the larger models. */
const defaultMaxOutput = 65_536;
/** A lower output limit is of no use; the budget counts as exhausted instead. */
const minOutput = 1_024;
/** Errors that occur before the request is sent, so nothing was charged. */
const notSentCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/**
 * `POST /model/<provider>/<vendor's path>`: checks the request field by field, reserves the worst case, sends the request
 * with the key, and settles it.
 */
export const modelRoute = (context: GatewayContext, model: NonNullable<GatewayConfig['model']>): Route => {
  const { provider } = model;
  const dialect = Object.hasOwn(dialects, provider) ? dialects[provider] : undefined;
  const meter = openMeter(context.config.meterFile, model.budgetMicros);
  const allowed = picomatch(model.allow.length === 0 ? ['!**'] : model.allow);
  const upstream =
    model.mode === 'replay' ? recorded(context, readFileSync(model.session ?? '')) : live(dialect, model);

  return async (exchange) => {
    const slash = exchange.rest.indexOf('/');
    const path = exchange.rest.slice(slash + 1);
    const method = exchange.request.method ?? '';
    const refuse = (target: string, reason: string, allow = ''): void => {
      exchange.request.resume();
      context.refuse(exchange, 403, { target, reason, allow });
    };
    // What is known from the first line of the request is decided before its body is read.
    if (exchange.rest.slice(0, slash) !== provider || dialect === undefined) {
      refuse(exchange.rest, `the provider of this phase is ${provider}`);
      return;
    }
    const parameter = refusedParameter(dialect, exchange.url);
    if (!dialect.allows(method, path)) {
      refuse(`${provider}/${path}`, 'the gateway does not allow this call');
      return;
    }
    if (parameter !== undefined) {
      refuse(`${provider}/${path} ${parameter}`, 'the gateway does not allow this parameter of the query');
      return;
    }
    const body = parseObject(await readBody(exchange.request, maxBody));
    const request = dialect.read(method, path, body);
    if (request === undefined) {
      refuse(`${provider}/${path}`, 'the gateway does not allow this call');
      return;
    }
    const name = `${provider}/${request.model}`;
    if (!allowed(name)) refuse(name, 'the model is not allowed', `models: {allow: ["${name}"]}`);
    else if (request.hostedTool !== undefined) {
      refuse(
        `${name} ${request.hostedTool}`,
        'a tool that the vendor runs bypasses the gateway; disable it in the agent',
      );
    } else if (request.refusedField !== undefined) {
      refuse(
        `${name} ${request.refusedField}`,
        'the field is not one of those that are let through to the model; disable the feature in the agent',
      );
    } else if (costMicros(provider, request.model, { input_tokens: 1, output_tokens: 1 }) === undefined) {
      refuse(name, 'the price of the model is unknown');
    } else if (request.free)
      await pass(exchange, await upstream(request, JSON.stringify(request.limited(0)), exchange));
    else await meteredCall(context, exchange, { provider, request, meter, upstream });
  };
};

interface Metered {
  provider: string;
  request: ModelRequest;
  meter: Meter;
  upstream: Upstream;
}

async function meteredCall(context: GatewayContext, exchange: Exchange, call: Metered): Promise<void> {
  const { provider, request, meter } = call;
  const { body, reserved } = reserve(call);
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
    answer = await call.upstream(request, body, exchange);
  } catch (error) {
    const code = error instanceof Error ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
    if (typeof code === 'string' && notSentCodes.has(code)) meter.settle(reserved, {}, 0);
    throw new BadRequest(502, `the model provider could not be reached (${String(code ?? 'no answer')})`);
  }
  const usage = new UsageReader(provider, request.flavor, answer.headers.get('content-type') ?? '');
  const complete = await pass(exchange, answer, (chunk) => usage.push(chunk));
  if (!answer.ok) meter.settle(reserved, {}, 0); // vendors do not charge failed calls
  const read = complete && answer.ok ? usage.result() : undefined;
  const cost = read === undefined ? undefined : reportedMicros(provider, request.model, read, usage.regional);
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
function reserve({ provider, request, meter }: Metered): { body: string; reserved: ModelCall | undefined } {
  const bodyOf = (maxOutput: number): string => JSON.stringify({ ...request.limited(maxOutput), ...request.pinned });
  let maxOutput = request.maxOutput ?? defaultMaxOutput;
  let body = bodyOf(maxOutput);
  const inputBytes = Buffer.byteLength(body);
  const worst = (): number =>
    worstCaseMicros(provider, request.model, { ...request, inputBytes, maxOutput }) ?? Number.POSITIVE_INFINITY;
  while (request.maxOutput === undefined && maxOutput > minOutput && worst() > meter.left())
    maxOutput = Math.floor(maxOutput / 2);
  if (request.maxOutput === undefined) body = bodyOf(maxOutput);
  return { body, reserved: meter.reserve({ provider, model: request.model, kind: request.kind }, worst()) };
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

/** The first parameter of a query that is not let through; `undefined` if there is none. The agent's key is taken out. */
function refusedParameter(dialect: Dialect, url: URL): string | undefined {
  for (const [name, value] of url.searchParams)
    if (name !== 'key' && !dialect.query.includes(`${name}=${value}`)) return name;
  return undefined;
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  const parsed = parseJson(bytes, jsonLimits);
  if ('invalid' in parsed) throw new BadRequest(400, `the body is invalid: ${parsed.invalid}`);
  const { value } = parsed;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new BadRequest(400, 'the body is not a JSON object');
}
