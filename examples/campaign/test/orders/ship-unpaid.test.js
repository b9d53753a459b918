import { place, ship } from '../../src/orders.js';
import { check } from '../support/check.js';

check('an unpaid order stays open', ship(place([], 'ada')).state === 'open');
