import { place } from '../../src/orders.js';
import { check } from '../support/check.js';

check('an order knows its buyer', place([], 'ada').buyer === 'ada');
