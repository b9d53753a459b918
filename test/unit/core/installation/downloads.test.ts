import { expect, test } from 'vitest';
import { downloadHints } from '../../../../core/installation/downloads.ts';

test.each([
  [
    'npm',
    'npm error code 1\nnpm error path /workspace/node_modules/puppeteer\nnpm error command sh -c node install.mjs',
  ],
  ['pnpm', '.../node_modules/puppeteer postinstall$ node install.mjs\n'],
  ['pnpm, its store', 'node_modules/.pnpm/puppeteer@24.1.0/node_modules/puppeteer: Running postinstall script, failed'],
  ['yarn 1', 'error /workspace/node_modules/puppeteer: Command failed.'],
  ['yarn 4', "➤ YN0009: │ puppeteer@npm:24.1.0 [1a2b3] couldn't be built successfully"],
  ['bun', 'error: postinstall script from "puppeteer" exited with 1'],
])('a failed install by %s names the variable without which its package downloads', (_manager, output) => {
  expect(downloadHints(output)).toEqual([expect.stringContaining('{env: {PUPPETEER_SKIP_DOWNLOAD: "true"}}')]);
});

test.each([
  'npm error path /workspace/node_modules/puppeteer-core',
  'npm error path /workspace/node_modules/@acme/puppeteer.js',
  'npm error path /workspace/node_modules/mypuppeteer',
  'npm error 404 Not Found',
])('%s is about another package', (output) => expect(downloadHints(output)).toEqual([]));
