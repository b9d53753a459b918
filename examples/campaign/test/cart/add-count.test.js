import { addLine } from '../../src/cart.js';
import { check } from '../support/check.js';

check('an article is added once unless a number is given', addLine([], 'tea', 300)[0].count === 1);
