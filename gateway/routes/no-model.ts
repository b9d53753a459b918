import type { GatewayContext, Route } from '../context.ts';

/** `/model/…` of a phase without a model: everything is refused. */
export const noModelRoute =
  (context: GatewayContext): Route =>
  (exchange) => {
    exchange.request.resume();
    context.refuse(exchange, 403, {
      target: exchange.rest.slice(0, 200),
      reason: 'this phase has no model',
      allow: '',
    });
  };
