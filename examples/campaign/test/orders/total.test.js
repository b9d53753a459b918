import { place } from '../../src/orders.js';
import { checkMoney } from '../support/money.js';

checkMoney('an order has the total of its cart', place([{ article: 'tea', cents: 300, count: 2 }], 'ada').total, {
  cents: 600,
  currency: 'EUR',
});
