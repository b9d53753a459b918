import { cancel, place } from '../../src/orders.js';
import { check } from '../support/check.js';

check('an open order is cancelled', cancel(place([], 'ada')).state === 'cancelled');
