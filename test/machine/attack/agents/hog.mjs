import { openSync, writeSync } from 'node:fs';
import { good, sleep } from './inside.mjs';

good();
const file = openSync('/tmp/big', 'w');
for (let count = 0; count < 400; count += 1) writeSync(file, Buffer.alloc(1 << 20, 1));
await sleep(60_000);
