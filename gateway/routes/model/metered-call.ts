import type { ModelCall } from '../../../core/run/phase.ts';
import { BadRequest, type Exchange, type GatewayContext, sendJson } from '../../context.ts';
import type { ModelRequest } from '../../dialects/dialect.ts';
import type { Meter } from '../../meter/meter.ts';
import { type Endpoint, priceSource, reportedMicros, worstCaseMicros } from '../../meter/price.ts';
import { UsageReader } from '../../meter/usage.ts';
import type { ModelCallTarget, Upstream, UpstreamAnswer } from './model-upstream.ts';
import { pass } from './pass.ts';
import type { ProviderAnswer } from './provider-request.ts';

/** Output limit in tokens for requests without one: the default maximum of the larger models. */
const defaultMaxOutput = 65_536;
/** A lower output limit is of no use; the budget counts as exhausted instead. */
const minOutput = 1_024;
/** Errors that occur before the request is sent, so nothing was charged. */
const notSentCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** One way to make a call: the model, and the request for it. */
export interface Attempt extends ModelCallTarget {
  request: ModelRequest;
}

interface Metered {
  provider: string;
  endpoint: Endpoint;
  meter: Meter;
  upstream: Upstream;
  /** Calls of the phase, at most. */
  maxTurns: number | undefined;
}

/**
 * Makes a call, and with the next model if the provider answers 429 or 5xx for one. For each it reserves the worst case and
 * settles it with the usage in the answer.
 */
export async function meteredCall(
  context: GatewayContext,
  exchange: Exchange,
  metered: Metered,
  attempts: readonly Attempt[],
): Promise<void> {
  for (const [index, attempt] of attempts.entries()) {
    const next = attempts[index + 1];
    const answer = await attemptCall(context, exchange, metered, attempt, next !== undefined);
    if (answer === undefined) return;
    answer.body.destroy();
    const text = `${metered.provider}/${attempt.request.model} answered ${answer.status}; ${next?.request.model} is asked instead`;
    context.tell({ type: 'event', event: { type: 'log', source: 'model', text: `${text}\n` } });
  }
}

/** @returns the answer if the next model is to be asked; undefined once the client has an answer. */
async function attemptCall(
  context: GatewayContext,
  exchange: Exchange,
  metered: Metered,
  attempt: Attempt,
  hasNext: boolean,
): Promise<ProviderAnswer | undefined> {
  const { provider, endpoint, meter, maxTurns } = metered;
  const { request } = attempt;
  // For each attempt: other calls may have been made while the provider refused the one before.
  if (maxTurns !== undefined && meter.calls() >= maxTurns) {
    stop(context, exchange, 'TurnsExhausted', `the phase has made ${maxTurns} calls of the model (max_turns)`);
    return undefined;
  }
  const { body, reserved } = reserve(metered, request, asksForLongContext(exchange, request));
  if (reserved === undefined) {
    const message = `the next call of ${provider}/${request.model} could cost more than the remaining ${meter.left()} micro-dollars`;
    stop(context, exchange, 'BudgetExhausted', message);
    return undefined;
  }
  await meter.flushed();
  let sent: UpstreamAnswer;
  try {
    sent = await metered.upstream(attempt, body, exchange);
  } catch (error) {
    if (error instanceof BadRequest) {
      meter.settle(reserved, {}, 0, 'not-sent'); // there is no credential
      throw error;
    }
    const code = (error as { code?: unknown } | undefined)?.code;
    if (typeof code === 'string' && notSentCodes.has(code)) meter.settle(reserved, {}, 0, 'not-sent');
    else meter.keep(reserved, 'cut');
    const reason = `the model provider could not be reached (${String(code ?? 'no answer')})`;
    const text = `${provider}/${request.model}: ${reason}\n`;
    context.tell({ type: 'event', event: { type: 'log', source: 'model', text } });
    throw new BadRequest(502, reason);
  }
  const { answer } = sent;
  const ok = answer.status >= 200 && answer.status < 300;
  // Vendors do not charge failed calls.
  if (!ok) meter.settle(reserved, {}, 0, 'failed');
  if (hasNext && (answer.status === 429 || answer.status >= 500)) return answer;
  const reader = new UsageReader(request.usage, String(answer.headers['content-type'] ?? ''));
  const whole = await pass(exchange, sent, context.limits.modelIdleMs, (chunk) => reader.push(chunk));
  if (ok) {
    const { ending, usage } = reader.result(whole);
    const cost = usage && reportedMicros(endpoint, request.model, usage, reader.processing);
    if (usage !== undefined && cost !== undefined) meter.settle(reserved, usage, cost, 'usage');
    else if (ending === 'refused') meter.settle(reserved, {}, 0, 'failed');
    else meter.keep(reserved, ending === 'complete' ? 'no-usage' : ending);
  }
  context.tell({ type: 'event', event: { type: 'cost', usdMicros: meter.spent() } });
  return undefined;
}

/** Agents stop at 402; on 429 and 500 some retry for minutes. */
function stop(context: GatewayContext, { response }: Exchange, name: string, message: string): void {
  context.tell({ type: 'failure', name, message });
  const type = name.replace(/(?<=[a-z])(?=[A-Z])/g, '_');
  sendJson(response, 402, { error: { type: type.toLowerCase(), code: 402, status: type.toUpperCase(), message } });
}

/** Anthropic takes a million tokens for a model of 200,000 if this feature is asked for. */
const longContextBeta = /(?:^|[\s,])context-1m/;
const asksForLongContext = ({ request: { headers } }: Exchange, { betas = [] }: ModelRequest): boolean =>
  [headers['anthropic-beta'], ...betas].some((names) => longContextBeta.test(String(names)));

/** Reserves the worst case. The limit of the output is lowered to what the budget affords. */
function reserve(
  { provider, endpoint, meter }: Metered,
  request: ModelRequest,
  longContext: boolean,
): { body: string; reserved: ModelCall | undefined } {
  const bodyOf = (maxOutput: number): string => JSON.stringify({ ...request.limited(maxOutput), ...request.pinned });
  // A request without a limit may think as much as it says.
  const asked = request.maxOutput ?? Math.max(defaultMaxOutput, request.thinking);
  const least = Math.min(asked, minOutput + request.thinking);
  let maxOutput = asked;
  let body = bodyOf(maxOutput);
  const inputBytes = Buffer.byteLength(body);
  const worst = (): number =>
    worstCaseMicros(endpoint, request.model, { ...request, inputBytes, maxOutput, longContext }) ??
    Number.POSITIVE_INFINITY;
  while (maxOutput > least && worst() > meter.left()) maxOutput = Math.max(least, Math.floor(maxOutput / 2));
  if (maxOutput !== asked) body = bodyOf(maxOutput);
  const source = priceSource(endpoint, request.model);
  const call = { provider, model: request.model, kind: request.kind, ...(source === 'list' ? {} : { price: source }) };
  return { body, reserved: meter.reserve(call, worst()) };
}
