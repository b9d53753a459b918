import type { ServerResponse } from 'node:http';
import type { ModelCall } from '../../core/run/phase.ts';
import { BadRequest, type Exchange, type GatewayContext, sendJson } from '../context.ts';
import type { ModelRequest } from '../dialects/dialect.ts';
import type { Meter } from '../meter/meter.ts';
import { reportedMicros, worstCaseMicros } from '../meter/price.ts';
import { UsageReader } from '../meter/usage.ts';
import type { Upstream } from './model-upstream.ts';

/** Output limit in tokens for requests without one: the default maximum of the larger models. */
const defaultMaxOutput = 65_536;
/** A lower output limit is of no use; the budget counts as exhausted instead. */
const minOutput = 1_024;
/** Errors that occur before the request is sent, so nothing was charged. */
const notSentCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

interface Metered {
  provider: string;
  request: ModelRequest;
  meter: Meter;
  upstream: Upstream;
}

/** Reserves the worst case, makes the call, and settles it with the usage in the answer. */
export async function meteredCall(context: GatewayContext, exchange: Exchange, call: Metered): Promise<void> {
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
  if (maxOutput !== (request.maxOutput ?? defaultMaxOutput)) body = bodyOf(maxOutput);
  return { body, reserved: meter.reserve({ provider, model: request.model, kind: request.kind }, worst()) };
}

/** Forwards an answer. Reads it to its end even if the client has disconnected, because the usage comes last. */
export async function pass(
  { response }: Exchange,
  answer: Response,
  onChunk?: (chunk: Uint8Array) => void,
): Promise<boolean> {
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
      // A client that does not read must not have the gateway hold its answer.
      if (!response.destroyed && !response.write(chunk)) await drained(response);
    }
  } catch {
    complete = false; // cut off: the usage may be incomplete, so the worst case stays charged
  }
  if (complete) response.end();
  else response.destroy();
  return complete;
}

/** Resolves when the client has read what was written, or has gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.once('drain', go).once('close', go);
  });
}
