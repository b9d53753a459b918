import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { BootAnswer } from '../../sandbox/boot.ts';
import { digest, secretsOf } from '../auth.ts';
import { type GatewayContext, type Route, sendJson, turnAway } from '../context.ts';

/**
 * Exchanges a sandbox's ticket for its secrets, once. The ticket is in the environment of a task, where later processes
 * can read it; it is worthless by then, because the runner uses it before it starts anything.
 * @param booted Called with the connection of the sandbox.
 */
export function bootRoute(context: GatewayContext, ticket: string, booted: (socket: Socket) => void): Route {
  const { secrets, registries, install = { onlyUnpacks: false, keepInstall: false } } = context.config;
  let used = false;
  return (exchange) => {
    const { request, response, url } = exchange;
    const shown = secretsOf(request, url).some((given) => timingSafeEqual(digest(given), digest(ticket)));
    if (request.method !== 'POST' || !shown || used) {
      const reason = used ? 'the ticket was used before' : 'without the ticket of the sandbox';
      turnAway(exchange, 403, `refused by Drydock: /boot: ${reason}`);
      return;
    }
    used = true;
    request.resume();
    booted(request.socket);
    const answer: BootAnswer = {
      runnerSecret: secrets.runner,
      agentSecret: secrets.agent,
      registries: Object.keys(registries),
      ...install,
    };
    sendJson(response, 200, answer);
  };
}
