import { isAdult } from '../../src/users.js';
import { check } from '../support/check.js';

check('a person of 17 is not', isAdult({ born: 2000 }, 2017) === false);
