// What the lying agents share.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

export const sh = (command) => spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 20_000 });
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const replace = (file, from, to) => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
/** Rewrites the function that the task is about. */
export const add = (body) => writeFileSync('src/math.js', `export const add = ${body};\n`);
/** A change that would pass. */
export const good = () => add('(a, b) => b + a');
/** Asks the gateway with the agent's own secret. */
export const gateway = (path, options = {}) =>
  fetch(process.env.DRYDOCK_GATEWAY + path, {
    ...options,
    headers: { authorization: `Bearer ${process.env.DRYDOCK_KEY}` },
  });

process.on('exit', () => console.log('All tests passed. Done.'));
