// Sizes of the deployment's functions, and what importing each takes in a process of its own: what a cold start adds to
// starting Node. The AWS SDK is imported from where it is installed here; in Lambda it comes with the runtime.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleLambdas } from '../bundle-lambdas.ts';
import { median } from './statistics.ts';

export interface BundleFigures {
  functions: number;
  medianBytes: number;
  maxBytes: number;
  /** Median over the functions, of each function's median of five imports. */
  medianImportMs: number;
  slowestImportMs: number;
}

const root = resolve(import.meta.dirname, '../..');
// Below the project, where the bundles find the SDK.
const folder = join(root, 'node_modules/.cache', `drydock-bench-${process.pid}`);
try {
  const bundles = await bundleLambdas(folder);
  const imports = bundles.map(({ file }) => {
    const script = `const start = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - start);`;
    const once = (): number =>
      Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }));
    return median(Array.from({ length: 5 }, once));
  });
  const sizes = bundles.map(({ bytes }) => bytes);
  const figures: BundleFigures = {
    functions: bundles.length,
    medianBytes: median(sizes),
    maxBytes: Math.max(...sizes),
    medianImportMs: Math.round(median(imports)),
    slowestImportMs: Math.round(Math.max(...imports)),
  };
  console.log(JSON.stringify(figures));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
