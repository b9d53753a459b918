import { isEmail } from '../../src/users.js';
import { check } from '../support/check.js';

check('an address is valid', isEmail('ada@example.com') === true);
