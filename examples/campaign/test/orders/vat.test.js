import { place, vatOf } from '../../src/orders.js';
import { checkMoney } from '../support/money.js';

checkMoney('the tax is rounded to a cent', vatOf(place([{ article: 'tea', cents: 333, count: 1 }], 'ada'), 19), {
  cents: 63,
  currency: 'EUR',
});
