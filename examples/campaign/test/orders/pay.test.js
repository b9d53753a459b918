import { pay, place } from '../../src/orders.js';
import { check } from '../support/check.js';

check('a paid order is paid', pay(place([], 'ada')).state === 'paid');
