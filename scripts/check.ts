// npm run check: types, format and lint, imports, dead code, layout. The checks run in parallel; results are printed in
// this order.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** dependency-cruiser checks the imports, because Biome knows an import's text and not the file that it resolves to. */
const checks: Record<string, string[]> = {
  types: ['tsc', '-p', '.'],
  'format and lint': ['biome', 'check', '--error-on-warnings', '.'],
  imports: [
    ...['depcruise', '--config', '.dependency-cruiser.mjs', '--output-type', 'err-long'],
    ...['adapters', 'bin', 'cli', 'common', 'core', 'engine', 'gateway', 'lambdas', 'lib', 'pipeline', 'programs'],
    ...['sandbox', 'scripts', 'test', 'web', 'vitest.config.ts'],
  ],
  'dead code': ['knip', '--no-progress', '--no-config-hints'],
  'folders, lengths and terms': ['node', 'scripts/layout.ts', '--quiet'],
  'code that only tests use': ['knip', '--no-progress', '--no-config-hints', '--production'],
};

async function run([command = '', ...args]: string[]): Promise<{ passed: boolean; output: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const passed = new Promise<boolean>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { passed: await passed, output: `${out}${err}`.trim() };
}

const results = Object.entries(checks).map(async ([name, command]) => ({ name, ...(await run(command)) }));
for (const result of results) {
  const { name, passed, output } = await result;
  console.log(`${passed ? 'ok  ' : 'FAIL'}  ${name}`);
  if (passed) continue;
  console.log(output);
  process.exitCode = 1;
}
