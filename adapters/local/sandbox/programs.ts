import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/**
 * The programs that a phase starts, each bundled into one file without dependencies: they start for every phase, and one
 * file starts in a third of the time of its modules.
 */
type PhaseProgram = 'runner' | 'container' | 'gateway';

/** Entry point and bundle of each, below the folder that holds `programs/`, without their endings. */
const programs: Record<PhaseProgram, { entry: string; bundle: string }> = {
  runner: { entry: 'programs/sandbox.process', bundle: 'programs/sandbox.process.cjs' },
  container: { entry: 'programs/sandbox.ecs', bundle: 'programs/sandbox.ecs.cjs' },
  gateway: { entry: 'programs/gateway.process', bundle: 'programs/gateway.process.cjs' },
};

/** From sources they are bundled on the spot; a built package has them bundled already. */
const fromSources = import.meta.url.endsWith('.ts');

const bundles = new Map<string, Promise<Uint8Array>>();

/** Writes a program to `target`. */
export async function writeProgram(program: PhaseProgram, packageRoot: string, target: string): Promise<void> {
  if (!fromSources) {
    const built = fileURLToPath(new URL('../../..', import.meta.url));
    return copyFile(path.join(built, programs[program].bundle), target);
  }
  const key = `${packageRoot}:${program}`;
  let bundle = bundles.get(key);
  if (bundle === undefined) {
    bundle = bundleProgram(program, packageRoot);
    bundles.set(key, bundle);
  }
  return writeFile(target, await bundle, { mode: 0o644 });
}

/** Where the build puts a bundle, relative to the folder of the compiled files. */
export const bundlePath = (program: PhaseProgram): string => programs[program].bundle;

/** zod's messages in fifty languages are half of the runner; what these programs say is English. */
export const withoutLocales: Plugin = {
  name: 'without-locales',
  setup(build) {
    build.onResolve({ filter: /\/locales\/index\.js$/ }, ({ path, importer }) =>
      /[\\/]node_modules[\\/]zod[\\/]/.test(importer) ? { path, namespace: 'without-locales' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'without-locales' }, () => ({ contents: 'export {};' }));
  },
};

/**
 * Bundles a program from the sources. As CommonJS: an ES module's import of `node:http` reads everything it exports, and
 * with it loads a client that is used nowhere here, which takes as long as all the rest of a start. What is imported when
 * needed is in the same file and evaluated when needed.
 */
export async function bundleProgram(program: PhaseProgram, packageRoot: string): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path.join(packageRoot, `${programs[program].entry}.ts`)],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    logLevel: 'silent',
    plugins: [withoutLocales],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${program}`);
  return file.contents;
}
