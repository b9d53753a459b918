import { place } from '../../src/orders.js';
import { check } from '../support/check.js';

check('a new order is open', place([], 'ada').state === 'open');
