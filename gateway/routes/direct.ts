import { type JsonLimits, parseJson } from '../../core/bounded-json.ts';
import { directAttempts } from '../../sandbox/boot.ts';
import { BadRequest, type GatewayContext, type Route, readBody, sendJson } from '../context.ts';

const maxBytes = 1_000;
const limits: JsonLimits = { depth: 2, values: 10 };

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/**
 * `POST /direct`: what a command tried past the proxy, where nothing answers. It is in the report of refusals, because the
 * command itself usually says only that a name or a network cannot be reached.
 */
export const directRoute =
  (context: GatewayContext): Route =>
  async ({ request, response }) => {
    const parsed = parseJson(await readBody(request, maxBytes, context.limits.idleMs), limits);
    const attempts = 'value' in parsed ? directAttempts.safeParse(parsed.value).data : undefined;
    if (attempts === undefined) throw new BadRequest(400, 'not a report of direct attempts');
    const { connections, lookups } = attempts;
    const tell = (target: string, did: string): void =>
      void context.record({ target, reason: `the program ${did}; it has to use the proxy in HTTPS_PROXY`, allow: '' });
    if (lookups > 0) tell('a name server', `asked a name server ${times(lookups)}, and there is none`);
    if (connections > 0) tell('an address', `tried to reach an address ${times(connections)} without a proxy`);
    sendJson(response, 200, {});
  };
