import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/**
 * The programs that each phase starts. Each is bundled into one file without dependencies, which starts in a third of
 * the time of separate modules.
 */
type PhaseProgram = 'runner' | 'container' | 'gateway' | 'gateway-task';

/** Entry point and bundle of each program, relative to the folder with `programs/`; `entry` has no extension. */
const programs: Record<PhaseProgram, { entry: string; bundle: string }> = {
  runner: { entry: 'programs/sandbox.process', bundle: 'programs/sandbox.process.cjs' },
  container: { entry: 'programs/sandbox.ecs', bundle: 'programs/sandbox.ecs.cjs' },
  gateway: { entry: 'programs/gateway.process', bundle: 'programs/gateway.process.cjs' },
  'gateway-task': { entry: 'programs/gateway.ecs', bundle: 'programs/gateway.ecs.mjs' },
};

/** When run from sources, the programs are bundled on demand; a built package contains the bundles. */
export const fromSources = import.meta.url.endsWith('.ts');

const bundles = new Map<string, Promise<Uint8Array>>();

/** Writes a program to `target`. */
export async function writeProgram(program: PhaseProgram, packageRoot: string, target: string): Promise<void> {
  if (!fromSources) {
    const built = fileURLToPath(new URL('../../..', import.meta.url));
    return copyFile(join(built, programs[program].bundle), target);
  }
  const key = `${packageRoot}:${program}`;
  let bundle = bundles.get(key);
  if (bundle === undefined) {
    bundle = bundleProgram(program, packageRoot);
    bundles.set(key, bundle);
  }
  return writeFile(target, await bundle, { mode: 0o644 });
}

/** Path of a program's bundle in the build output. */
export const bundlePath = (program: PhaseProgram): string => programs[program].bundle;

/** zod's messages in fifty languages are half of the runner's bundle; these programs use English only. */
const withoutLocales: Plugin = {
  name: 'without-locales',
  setup(build) {
    build.onResolve({ filter: /\/locales\/index\.js$/ }, ({ path, importer }) =>
      /[\\/]node_modules[\\/]zod[\\/]/.test(importer) ? { path, namespace: 'without-locales' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'without-locales' }, () => ({ contents: 'export {};' }));
  },
};

/** The compiler of JSON schemas with which the SDK of MCP checks what people enter, which Drydock's own server never asks for. */
const withoutSchemaCompiler: Plugin = {
  name: 'without-schema-compiler',
  setup(build) {
    build.onResolve({ filter: /\/ajv-provider\.js$/ }, ({ path, importer }) =>
      importer.includes('@modelcontextprotocol') ? { path, namespace: 'without-schema-compiler' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'without-schema-compiler' }, () => ({
      contents: 'export class AjvJsonSchemaValidator {}',
    }));
  },
};

/** Bundler options for everything that runs on AWS. */
export const forAws = {
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // CommonJS packages load Node's modules with `require`.
  banner: {
    js: "import{createRequire as drydockRequire}from'node:module';const require=drydockRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'error',
} as const;

/**
 * Other programs are CommonJS: an ES module that imports `node:http` reads all its exports, which loads an unused HTTP
 * client and doubles the start time. Dynamically imported modules are in the same file and are evaluated on demand.
 */
const forSandboxes = { bundle: true, platform: 'node', format: 'cjs', target: 'node22', logLevel: 'silent' } as const;

/** Bundles a program from the sources; that of a gateway task includes the AWS SDK. */
export async function bundleProgram(program: PhaseProgram, packageRoot: string): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(packageRoot, `${programs[program].entry}.ts`)],
    absWorkingDir: packageRoot,
    write: false,
    ...(program === 'gateway-task' ? forAws : forSandboxes),
    plugins: [withoutLocales, withoutSchemaCompiler],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild produced no output for ${program}`);
  return file.contents;
}

/**
 * Flag of Node for runner and gateway, in MB: both stream, so that most of what they allocate is garbage soon, and a larger young
 * generation makes only their peaks higher (docs/bench.md).
 */
export const youngGeneration = '--max-semi-space-size=2';
