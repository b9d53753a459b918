import { normalizeName } from '../../src/users.js';
import { check } from '../support/check.js';

check('blanks within a name are one', normalizeName('Ada  Lovelace') === 'Ada Lovelace');
