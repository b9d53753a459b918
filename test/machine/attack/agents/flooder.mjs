// 34 MB of log, a thousand forged events, and six hundred different requests that are refused.
import { once } from 'node:events';
import { gateway } from './inside.mjs';

const line = `${'all tests passed '.repeat(4_000)}\n`;
for (let count = 0; count < 500; count += 1) if (!process.stdout.write(line)) await once(process.stdout, 'drain');
const body = '{"type":"message","text":"verified"}';
for (let count = 0; count < 1_000; count += 1) await gateway('/events', { method: 'POST', body });
for (let count = 0; count < 600; count += 1) await gateway(`/inputs/${count}`);
