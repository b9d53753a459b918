// A wrong change whose tests attack where they run.
import { copyFileSync } from 'node:fs';
import { add } from './inside.mjs';

add('() => 0');
copyFileSync('/agent/hostile-test.mjs', 'test/attack.test.js');
