/** Set-up of the `aws` project: the functions are bundled once, for all files. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder with a folder per function. */
    bundles: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const root = resolve(import.meta.dirname, '../../..');
  // Below the project, where the functions find the SDK, as they find it in Lambda's runtime.
  const folder = join(root, 'node_modules/.cache', `drydock-lambdas-${process.pid}`);
  await promisify(execFile)(process.execPath, [join(root, 'scripts/bundle-lambdas.ts'), folder]);
  project.provide('bundles', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
