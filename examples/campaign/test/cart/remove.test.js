import { addLine, removeLine } from '../../src/cart.js';
import { check } from '../support/check.js';

check('an article is removed', removeLine(addLine([], 'tea', 300), 'tea').length === 0);
