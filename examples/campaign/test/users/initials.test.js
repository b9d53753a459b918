import { initials } from '../../src/users.js';
import { check } from '../support/check.js';

check('initials are capital letters', initials('ada lovelace') === 'AL');
