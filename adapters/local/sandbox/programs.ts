import { access, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** From sources the runner is bundled on the spot; a built package has it bundled already. */
const fromSources = import.meta.url.endsWith('.ts');

const bundles = new Map<string, Promise<Uint8Array>>();

/** Where `gateway/` and `sandbox/` are: the checkout, or the folder of the compiled files that this file is in. */
const codeRoot = (packageRoot: string): string =>
  fromSources ? packageRoot : fileURLToPath(new URL('../../..', import.meta.url));

/** The gateway's program file, run by the node that runs this. */
export const gatewayProgram = (packageRoot: string): string =>
  path.join(codeRoot(packageRoot), 'gateway', fromSources ? 'main.ts' : 'main.js');

/** Writes the runner as one file without dependencies to `target`. */
export async function placeRunner(packageRoot: string, target: string): Promise<void> {
  const folder = path.join(codeRoot(packageRoot), 'sandbox', 'runner');
  if (!fromSources) return copyFile(path.join(folder, 'runner.mjs'), target);
  let bundle = bundles.get(folder);
  if (bundle === undefined) {
    bundle = bundleRunner(path.join(folder, 'main.ts'));
    bundles.set(folder, bundle);
  }
  return writeFile(target, await bundle, { mode: 0o644 });
}

/** Bundles the runner; also the build's way to make `runner.mjs`. */
export async function bundleRunner(entry: string): Promise<Uint8Array> {
  await access(entry);
  const { build } = await import('esbuild');
  const folder = await mkdtemp(path.join(tmpdir(), 'drydock-bundle-'));
  try {
    const outfile = path.join(folder, 'runner.mjs');
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      logLevel: 'silent',
    });
    return await readFile(outfile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
