import { isAdult } from '../../src/users.js';
import { check } from '../support/check.js';

check('a person of 18 is an adult', isAdult({ born: 2000 }, 2018) === true);
