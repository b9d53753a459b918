import { readFileSync } from 'node:fs';
import { type JsonLimits, parseJson } from '../../../core/bounded-json.ts';
import { publicEndpoint } from '../../../core/models/endpoint.ts';
import { costMicros } from '../../../core/money/price.ts';
import { wildcard } from '../../../core/policy/wildcard.ts';
import type { GatewayConfig } from '../../config.ts';
import {
  announcedBytes,
  BadRequest,
  type Exchange,
  type GatewayContext,
  type Route,
  readBody,
  sendBusy,
} from '../../context.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { dialects } from '../../meter/dialects.ts';
import { openMeter } from '../../meter/meter.ts';
import { Pool } from '../../pool.ts';
import { type Attempt, meteredCall } from './metered-call.ts';
import { live, recorded } from './model-upstream.ts';
import { pass } from './pass.ts';

/** The largest request that a vendor takes: 32 MB (Anthropic). */
const maxBody = 32 * 1024 * 1024;
/** A conversation of a million tokens has a tenth of this. */
const jsonLimits: JsonLimits = { depth: 100, values: 500_000 };

/**
 * `POST /model/<provider>/<vendor's path>`: checks the request field by field, reserves the worst case, sends the request
 * with the key, and settles it.
 */
export const modelRoute = (context: GatewayContext, model: NonNullable<GatewayConfig['model']>): Route => {
  const { provider, endpoint = publicEndpoint(model.provider) } = model;
  const dialect = dialects[endpoint.kind];
  const meter = openMeter(context.config.meterFile, model.budgetMicros);
  // As the policy is read: a name of a model may have slashes.
  const allowed = (name: string): boolean => wildcard(model.allow, name);
  const { limits } = context;
  const upstream =
    model.mode === 'replay'
      ? recorded(context, readFileSync(model.session ?? ''))
      : live(dialect, endpoint, model, limits.modelIdleMs);

  const memory = new Pool(limits.bodyBytes, limits.waiting);
  let totalBytes = 0;
  let calls = 0;

  return async (exchange) => {
    const slash = exchange.rest.indexOf('/');
    const path = exchange.rest.slice(slash + 1);
    const method = exchange.request.method ?? '';
    const refuse = (target: string, reason: string, allow = ''): void => {
      exchange.request.resume();
      context.refuse(exchange, 403, { target, reason, allow });
    };
    // What is known from the first line of the request is decided before its body is read.
    if (exchange.rest.slice(0, slash) !== provider) {
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
    calls += 1;
    if (totalBytes >= limits.totalBodyBytes || calls > limits.calls) {
      refuse(`${provider}/${path}`, 'the limit for requests to the model of a phase is reached');
      return;
    }
    const announced = announcedBytes(exchange.request);
    const freed = await memory.take(announced ?? maxBody, exchange.gone);
    if (freed === undefined) {
      exchange.request.resume();
      sendBusy(exchange.response);
      return;
    }
    try {
      const bytes = await readBody(exchange.request, maxBody, limits.idleMs);
      totalBytes += bytes.length;
      freed(bytes.length);
      await answer(exchange, path, parseObject(bytes));
    } finally {
      freed();
    }
  };

  async function answer(exchange: Exchange, path: string, body: Record<string, unknown>): Promise<void> {
    const refuse = (target: string, reason: string, allow = ''): void =>
      context.refuse(exchange, 403, { target, reason, allow });
    const request = dialect.read(exchange.request.method ?? '', path, body);
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
    } else if (costMicros(endpoint.prices, request.model, { input_tokens: 1, output_tokens: 1 }) === undefined) {
      refuse(name, 'the price of the model is unknown', `prices: {"${name}": {input: …, output: …}}`);
    } else if (request.free) {
      const sent = JSON.stringify(request.limited(0));
      await pass(exchange, await upstream({ request, path }, sent, exchange), limits.modelIdleMs);
    } else {
      const metered = { provider, endpoint, meter, upstream, maxTurns: model.maxTurns };
      await meteredCall(context, exchange, metered, [{ request, path }, ...fallbacksOf(request.model, path, body)]);
    }
  }

  /** The calls that follow one for a model of the list, for the models after it. */
  function fallbacksOf(asked: string, path: string, body: Record<string, unknown>): Attempt[] {
    const { fallbacks = [] } = model;
    // The first model of the list is not in `fallbacks`: what is asked and not in it stands before all.
    return fallbacks.slice(fallbacks.indexOf(asked) + 1).flatMap((name) => {
      const other = dialect.forModel(path, body, name);
      const request = dialect.read('POST', other.path, other.body);
      const refused = request?.hostedTool ?? request?.refusedField;
      if (request === undefined || refused !== undefined || !allowed(`${provider}/${name}`)) return [];
      return [{ request, path: other.path }];
    });
  }
};

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
