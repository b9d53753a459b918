import { totalOf } from './cart.js';

/** An order is a cart that somebody pays for. */
export const place = (cart, buyer) => ({ buyer, lines: cart, total: totalOf(cart), state: 'open' });
export const pay = (order) => ({ ...order, state: 'paid' });
export const ship = (order) => ({ ...order, state: order.state === 'paid' ? 'shipped' : order.state });
export const cancel = (order) => ({ ...order, state: order.state === 'shipped' ? 'shipped' : 'cancelled' });
export const vatOf = (order, percent) => ({ cents: Math.round((order.total.cents * percent) / 100), currency: 'EUR' });
