import { timingSafeEqual } from 'node:crypto';
import type { BootAnswer } from '../../sandbox/boot.ts';
import { digest, secretsOf } from '../auth.ts';
import { type GatewayContext, type Route, sendJson } from '../context.ts';

/**
 * Tells a sandbox its secrets for its ticket, once. A ticket travels in the environment of a task, where everything
 * inside can read it later; by then it is worth nothing, because the runner asks before it runs anything.
 */
export function bootRoute(context: GatewayContext, ticket: string): Route {
  const { secrets, registries } = context.config;
  let used = false;
  return (exchange) => {
    const { request, response, url } = exchange;
    request.resume();
    const shown = secretsOf(request, url).some((given) => timingSafeEqual(digest(given), digest(ticket)));
    if (request.method !== 'POST' || !shown || used) {
      const reason = used ? 'the ticket was used before' : 'without the ticket of the sandbox';
      context.refuse(exchange, 403, { target: '/boot', reason, allow: '' });
      return;
    }
    used = true;
    const answer: BootAnswer = {
      runnerSecret: secrets.runner,
      agentSecret: secrets.agent,
      registries: Object.keys(registries),
    };
    sendJson(response, 200, answer);
  };
}
