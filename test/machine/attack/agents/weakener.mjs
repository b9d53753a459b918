import { rmSync } from 'node:fs';
import { good, replace } from './inside.mjs';

good();
rmSync('test/sum.test.js');
replace('test/zero.test.js', "test('zero'", "test.skip('zero'");
