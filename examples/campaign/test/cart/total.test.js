import { addLine, totalOf } from '../../src/cart.js';
import { checkMoney } from '../support/money.js';

checkMoney('the total is price times count', totalOf(addLine([], 'tea', 300, 2)), { cents: 600, currency: 'EUR' });
