// Bundles each lambdas/**/*.lambda.ts into its own folder: dist/lambdas/<name>/index.mjs, and next to it the modules that
// it loads on demand. Lambda's runtime provides the AWS SDK, so it is not bundled. The same sources give the same bytes.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { forAws } from '../adapters/local/sandbox/programs.ts';
import { plugins } from './bundle-plugins.ts';

const root = resolve(import.meta.dirname, '..');

interface Bundle {
  /** Name of the function. */
  name: string;
  /** Path of the module that Lambda loads first. */
  file: string;
  /** Total size of all files. */
  bytes: number;
}

/** Packages that Lambda's runtime provides. */
export const awsRuntime = ['@aws-sdk/*', '@smithy/*'];

export const lambdaSources = (): string[] =>
  readdirSync(join(root, 'lambdas'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.lambda.ts'))
    .sort()
    .map((file) => join(root, 'lambdas', file));

/** Modules that run jobs in a thread; a function with one of them carries the program of the thread. */
const judging = ['pipeline/phases/guard-task.ts', 'pipeline/service/service.ts', 'adapters/github/merge/comparing.ts'];

/** The program of the thread that a function starts beside itself, see `lambdas/runtime/compose.ts`. */
const judge = 'programs/judge.thread.ts';

/** Splits modules that are imported on demand, and those that several entry points have, into separate files. */
const bundle = (folder: string, entryPoints: Record<string, string>) =>
  build({
    absWorkingDir: root,
    entryPoints,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    write: false,
    external: awsRuntime,
    ...forAws,
    splitting: true,
    metafile: true,
    plugins,
  });

/** @param outDir Folder that is emptied first. */
export async function bundleLambdas(outDir: string): Promise<Bundle[]> {
  rmSync(outDir, { recursive: true, force: true });
  return Promise.all(
    lambdaSources().map(async (source) => {
      const name = basename(source, '.lambda.ts');
      const folder = join(outDir, name);
      const alone = await bundle(folder, { index: source });
      const judges = judging.some((module) => module in alone.metafile.inputs);
      const { outputFiles: files } = judges ? await bundle(folder, { index: source, judge }) : alone;
      mkdirSync(folder, { recursive: true });
      for (const { path, contents } of files) writeFileSync(path, contents, { mode: 0o644 });
      const bytes = files.reduce((sum, { contents }) => sum + contents.length, 0);
      return { name, file: join(folder, 'index.mjs'), bytes };
    }),
  );
}

if (import.meta.main) {
  const bundles = await bundleLambdas(resolve(process.argv[2] ?? join(root, 'dist/lambdas')));
  for (const { name, bytes } of bundles) console.log(`${String(bytes).padStart(9)} ${name}`);
}
