import { defined } from '../../core/defined.ts';
import type { EgressFacts } from '../../sandbox/boot.ts';
import type { Authority } from '../authority/authority.ts';
import { type GatewayContext, type Route, sendJson } from '../context.ts';

/** `GET /egress`: what programs of the sandbox have to be told about the ways out. */
export function egressRoute({ config }: GatewayContext, authority: () => Promise<Authority>): Route {
  const npm = config.registries.npm === undefined ? undefined : new URL(config.registries.npm);
  return async ({ response }) => {
    const facts: EgressFacts = {
      authority: (await authority()).certificate,
      // A lock file that was made with a registry on this machine or in its network names an address.
      ...defined({ npmHost: npm?.protocol === 'http:' ? npm.hostname : undefined }),
      privateModules: config.private.flatMap(({ kind, scope }) =>
        kind === 'go' && scope !== undefined ? [scope] : [],
      ),
    };
    sendJson(response, 200, facts);
  };
}
