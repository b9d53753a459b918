import { addLine } from '../../src/cart.js';
import { check } from '../support/check.js';

check('a second article is a second line', addLine(addLine([], 'tea', 300), 'cup', 900).length === 2);
