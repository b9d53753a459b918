import type { GatewayContext, Route } from '../../context.ts';

/** `/model/…` in a phase without a model: every request is refused. */
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
