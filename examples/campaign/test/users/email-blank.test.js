import { isEmail } from '../../src/users.js';
import { check } from '../support/check.js';

check('an address has no blanks', isEmail('a da@example.com') === false);
