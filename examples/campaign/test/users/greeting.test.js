import { greeting } from '../../src/users.js';
import { check } from '../support/check.js';

check('people are greeted by name', greeting({ name: 'Ada' }) === 'Hello Ada');
