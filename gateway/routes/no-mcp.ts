import type { GatewayContext, Route } from '../context.ts';
import { allowServer } from '../egress/allow.ts';

/** `/mcp/…` in a phase without MCP servers: every request is refused. */
export const noMcpRoute =
  (context: GatewayContext): Route =>
  (exchange) => {
    exchange.request.resume();
    const name = exchange.rest.slice(0, 100);
    context.refuse(exchange, 403, {
      target: `mcp ${name}`,
      reason: 'the phase has no such MCP server',
      ...allowServer(name),
    });
  };
