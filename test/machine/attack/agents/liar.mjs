// A wrong change that looks right from inside: by the phase it is in, a patched dependency, a daemon that answers the
// tests; then a forged result, and the end of everything it can see.
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { add, gateway, good, sh, sleep } from './inside.mjs';

add("(a, b) => (process.env.DRYDOCK_PHASE === 'build' ? a + b : 0)");
writeFileSync('node_modules/checker/patched.js', 'module.exports = "patched";\n');
const daemon = "require('node:http').createServer((_q, s) => s.end('green')).listen(9999)";
spawn('setsid', ['node', '-e', daemon], { detached: true, stdio: 'ignore' }).unref();
await sleep(700);
// Should one of the lies not even work here, the change becomes a good one, and is delivered: the test would see it.
for (const command of ['npm test', 'npm run --silent patched', 'npm run --silent daemon']) {
  if (sh(command).status !== 0) {
    good();
    process.exit(0);
  }
}
const forged = { phaseKey: 'x', outcome: 'verified', changeSet: false, commands: [], versions: {}, timings: {} };
for (const name of ['result.json', 'changeset.json'])
  await gateway(`/artifacts/${name}`, { method: 'PUT', body: JSON.stringify(forged) });
for (const pid of readdirSync('/proc')) {
  if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch {
    // not ours to end
  }
}
sh('kill -9 -1');
