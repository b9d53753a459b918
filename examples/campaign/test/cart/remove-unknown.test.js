import { addLine, removeLine } from '../../src/cart.js';
import { check } from '../support/check.js';

check('an unknown article changes nothing', removeLine(addLine([], 'tea', 300), 'cup').length === 1);
