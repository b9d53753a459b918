// Bundles each lambdas/**/*.lambda.ts into one file of its own: dist/lambdas/<name>/index.mjs. The AWS SDK comes with Lambda's
// runtime and stays outside. The same sources give the same bytes.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

interface Bundle {
  /** Name of the function. */
  name: string;
  file: string;
  bytes: number;
}

/** Bundle options for code that runs on AWS. */
export const forAws = {
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Modules that were written for CommonJS load Node's modules with `require`.
  banner: {
    js: "import{createRequire as drydockRequire}from'node:module';const require=drydockRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'error',
} as const;

/**
 * `z` is an object with all of zod in it, its messages in fifty languages too; as a namespace, what is not named is left
 * out. Not in the sources: esbuild then forgets to start a module that something else imports when needed, as the runner
 * does and no function.
 */
const usedSchemas: Plugin = {
  name: 'used-schemas',
  setup(bundling) {
    bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replace("import { z } from 'zod'", "import * as z from 'zod'"), loader: 'ts' };
    });
  },
};

/** Functions validate data with schemas; none of them generates a JSON Schema, which is part of every zod schema. */
const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  setup(bundling) {
    bundling.onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](?:to-json-schema|json-schema-processors)\.js$/ },
      async ({ path }) => {
        const names = Object.keys((await import(path)) as object).filter((name) => name !== 'default');
        const refuse = "() => { throw new Error('JSON Schemas are not part of a function.'); }";
        return { contents: names.map((name) => `export const ${name} = ${refuse};`).join('\n') };
      },
    );
  },
};

/** Octokit has a method for each of GitHub's thousand endpoints; the bundle keeps those that our adapter uses. */
const usedEndpoints: Plugin = {
  name: 'used-endpoints',
  setup(bundling) {
    bundling.onLoad(
      { filter: /plugin-rest-endpoint-methods\/dist-src\/generated\/endpoints\.js$/ },
      async ({ path }) => {
        const { default: all } = (await import(path)) as { default: Record<string, Record<string, unknown>> };
        const adapter = join(root, 'adapters/github');
        const sources = readdirSync(adapter, { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts'))
          .map((file) => readFileSync(join(adapter, file), 'utf8'))
          .join('\n');
        const kept = Object.entries(all).map(([scope, methods]) => [
          scope,
          Object.fromEntries(Object.entries(methods).filter(([method]) => sources.includes(`.${scope}.${method}`))),
        ]);
        return { contents: `export default ${JSON.stringify(Object.fromEntries(kept))}` };
      },
    );
  },
};

/** The tracer is the same for all functions and a third of the size of one, so it is a layer. */
const tracer = '@aws-lambda-powertools/tracer';
export const tracerEntry = fileURLToPath(import.meta.resolve(tracer));

/** Packages that Lambda's runtime contains. */
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

/** @param outDir Output folder; it is emptied first. */
export async function bundleLambdas(outDir: string): Promise<Bundle[]> {
  rmSync(outDir, { recursive: true, force: true });
  await bundleTracer(join(outDir, 'tracing-layer'));
  return Promise.all(
    lambdaSources().map(async (source) => {
      const name = basename(source, '.lambda.ts');
      const { outputFiles } = await build({
        absWorkingDir: root,
        entryPoints: [source],
        write: false,
        external: [...awsRuntime, tracer],
        ...forAws,
        plugins: [usedSchemas, withoutJsonSchema, usedEndpoints],
      });
      const [output] = outputFiles;
      if (!output) throw new Error(`esbuild produced no output for ${name}`);
      const folder = join(outDir, name);
      mkdirSync(folder, { recursive: true });
      const file = join(folder, 'index.mjs');
      writeFileSync(file, output.contents, { mode: 0o644 });
      return { name, file, bytes: output.contents.length };
    }),
  );
}

if (import.meta.main) {
  const bundles = await bundleLambdas(resolve(process.argv[2] ?? join(root, 'dist/lambdas')));
  for (const { name, bytes } of bundles) console.log(`${String(bytes).padStart(9)} ${name}`);
}
