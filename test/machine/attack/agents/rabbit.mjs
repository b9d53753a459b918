import { spawn } from 'node:child_process';
import { good, sleep } from './inside.mjs';

good();
let refused = false;
const stopped = () => {
  refused = true;
};
for (let count = 0; count < 300; count += 1) {
  try {
    spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).on('error', stopped);
  } catch {
    stopped();
  }
}
await sleep(300);
process.exit(refused ? 1 : 0);
