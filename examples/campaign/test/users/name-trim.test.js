import { normalizeName } from '../../src/users.js';
import { check } from '../support/check.js';

check('blanks around a name are removed', normalizeName(' Ada ') === 'Ada');
