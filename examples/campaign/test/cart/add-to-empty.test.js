import { addLine } from '../../src/cart.js';
import { check } from '../support/check.js';

check('an empty cart takes an article', addLine([], 'tea', 300).length === 1);
