import { isEmpty } from '../../src/cart.js';
import { check } from '../support/check.js';

check('a new cart is empty', isEmpty([]) === true);
