// Builds the package: compiled JavaScript with types in dist/, runner and gateway as one file each beside them, the
// functions of a deployment, the images' build contexts, and the pages' static files. Node refuses TypeScript below
// node_modules, so the package contains JavaScript.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundlePath, bundleProgram } from '../adapters/local/sandbox/programs.ts';
import { bundleLambdas } from './bundle-lambdas.ts';
import { writeCheckedContexts } from './images/contexts.ts';
import { thirdPartyLicenses } from './third-party.ts';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
// Runs first, because it empties its folder, into which the compiler later writes shared modules.
await bundleLambdas(join(dist, 'lambdas'));
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
for (const program of ['runner', 'gateway'] as const)
  writeFileSync(join(dist, bundlePath(program)), await bundleProgram(program, root));
await writeCheckedContexts(join(dist, 'images'));
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), await thirdPartyLicenses());
const assets = join(root, 'web', 'assets');
if (existsSync(assets)) cpSync(assets, join(dist, 'web', 'assets'), { recursive: true });
chmodSync(join(dist, 'bin/drydock.js'), 0o755);
