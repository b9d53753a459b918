import { addLine, countOf } from '../../src/cart.js';
import { check } from '../support/check.js';

check('the count is that of all lines', countOf(addLine(addLine([], 'tea', 300, 2), 'cup', 900)) === 3);
