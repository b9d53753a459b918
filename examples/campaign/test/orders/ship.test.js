import { pay, place, ship } from '../../src/orders.js';
import { check } from '../support/check.js';

check('a paid order is shipped', ship(pay(place([], 'ada'))).state === 'shipped');
