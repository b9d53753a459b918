// Bundles each lambdas/**/*.lambda.ts into a folder of its own: dist/lambdas/<name>/index.mjs, and beside it what it loads
// when it is first called. The AWS SDK comes with Lambda's runtime and stays outside. The same sources give the same bytes.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { plugins } from './bundle-plugins.ts';

const root = resolve(import.meta.dirname, '..');

interface Bundle {
  /** Of the function. */
  name: string;
  /** What Lambda loads first. */
  file: string;
  /** Of all files together. */
  bytes: number;
}

/** How what runs on AWS is bundled. */
export const forAws = {
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // What was written for CommonJS asks for Node's modules by `require`.
  banner: {
    js: "import{createRequire as drydockRequire}from'node:module';const require=drydockRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'error',
} as const;

/** The same for all functions, and as large as a third of one: it is a layer of its own. */
const tracer = '@aws-lambda-powertools/tracer';
export const tracerEntry = fileURLToPath(import.meta.resolve(tracer));

/** What Lambda's runtime brings along. */
export const awsRuntime = ['@aws-sdk/*', '@smithy/*'];

export const lambdaSources = (): string[] =>
  readdirSync(join(root, 'lambdas'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.lambda.ts'))
    .sort()
    .map((file) => join(root, 'lambdas', file));

async function bundleTracer(folder: string): Promise<void> {
  const target = join(folder, 'nodejs/node_modules', tracer);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), JSON.stringify({ name: tracer, type: 'module', exports: './index.mjs' }));
  await build({
    absWorkingDir: root,
    entryPoints: [tracerEntry],
    outfile: join(target, 'index.mjs'),
    external: awsRuntime,
    ...forAws,
  });
}

/** @param outDir Folder that is emptied first. */
export async function bundleLambdas(outDir: string): Promise<Bundle[]> {
  rmSync(outDir, { recursive: true, force: true });
  await bundleTracer(join(outDir, 'tracing-layer'));
  return Promise.all(
    lambdaSources().map(async (source) => {
      const name = basename(source, '.lambda.ts');
      const folder = join(outDir, name);
      const { outputFiles } = await build({
        absWorkingDir: root,
        entryPoints: { index: source },
        outdir: folder,
        outExtension: { '.js': '.mjs' },
        write: false,
        external: [tracer],
        ...forAws,
        // What is imported when it is first called is a file of its own, loaded then.
        splitting: true,
        plugins,
      });
      mkdirSync(folder, { recursive: true });
      for (const { path, contents } of outputFiles) writeFileSync(path, contents, { mode: 0o644 });
      const bytes = outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
      return { name, file: join(folder, 'index.mjs'), bytes };
    }),
  );
}

if (import.meta.main) {
  const bundles = await bundleLambdas(resolve(process.argv[2] ?? join(root, 'dist/lambdas')));
  for (const { name, bytes } of bundles) console.log(`${String(bytes).padStart(9)} ${name}`);
}
