import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../../support/world.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Files of the reading trail in docs/architecture.md, in order. @param column 1: one machine, 2: AWS. */
function trail(column: 1 | 2): string[] {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const section = page.slice(page.indexOf('## From a spec to a draft pull request'));
  const rows = section.slice(0, section.indexOf('\n## ', 1)).matchAll(/^\| \d+ \| `([^`]+)` \| `([^`]+)` \|/gm);
  return [...rows].map((row) => row[column] ?? '');
}

/** File → name of a function → number of its calls. The code of a module itself is not counted. */
type Calls = Map<string, Map<string, number>>;

/** Reads what V8 recorded of a process in NODE_V8_COVERAGE, for the files of this repository. */
function readCalls(folder: string): Calls {
  const calls: Calls = new Map();
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      result: {
        url: string;
        functions: { functionName: string; ranges: { startOffset: number; count: number }[] }[];
      }[];
    };
    for (const { url, functions } of result) {
      if (!url.startsWith('file://') || url.includes('/node_modules/')) continue;
      const counts = new Map<string, number>();
      for (const { functionName, ranges } of functions)
        if (ranges[0] && ranges[0].startOffset > 0)
          counts.set(functionName, (counts.get(functionName) ?? 0) + ranges[0].count);
      calls.set(relative(root, fileURLToPath(url)), counts);
    }
  }
  return calls;
}

describe('the reading trail of docs/architecture.md', () => {
  let world: World;
  let calls: Calls;
  beforeAll(() => {
    world = createWorld();
    world.policy({ repositories: {} });
    const coverage = join(world.folder, 'coverage');
    const home = join(world.folder, 'home');
    for (const folder of [coverage, home]) mkdirSync(folder);
    const args = ['run', world.spec().file, '--repo', `acme/calc=${world.repo}`, '--yes', '--json'];
    const options = ['--policy', 'policy.yaml', '--data', 'data', '--as', 'dev@example.com'];
    const run = spawnSync(process.execPath, [join(root, 'bin/drydock.ts'), ...args, ...options], {
      cwd: world.folder,
      env: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', NODE_V8_COVERAGE: coverage },
      encoding: 'utf8',
    });
    expect(JSON.parse(run.stdout)).toMatchObject({ status: 'delivered' });
    calls = readCalls(coverage);
  });
  afterAll(() => world.remove());

  test('has at most 16 files to the draft pull request, each once', () => {
    for (const files of [trail(1), trail(2)]) {
      expect(files.length).toBeGreaterThan(10);
      expect(files.length).toBeLessThanOrEqual(16);
      expect(new Set(files).size).toBe(files.length);
    }
  });

  test('is what a run on one machine passes: code of each file was called', () => {
    const called = (file: string): number => [...(calls.get(file)?.values() ?? [])].reduce((sum, n) => sum + n, 0);
    expect(trail(1).filter((file) => called(file) === 0)).toEqual([]);
  });

  test('parses the spec once and merges it with the policy once', () => {
    expect(calls.get('core/task-spec/parse.ts')?.get('readSpec')).toBe(1);
    expect(calls.get('core/policy/merge.ts')?.get('applyPolicy')).toBe(1);
  });

  test('is what AWS passes: each file is in the bundle of its function, and only the entry point parses specs', async () => {
    const inputsOf = async (entry: string): Promise<string[]> => {
      const { metafile } = await build({
        absWorkingDir: root,
        entryPoints: [entry],
        bundle: true,
        write: false,
        metafile: true,
        platform: 'node',
        format: 'esm',
        packages: 'external',
        logLevel: 'error',
      });
      return Object.keys(metafile.inputs);
    };
    const lambdas = readdirSync(join(root, 'lambdas/steps'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.lambda.ts'))
      .map((file) => `lambdas/steps/${file}`);
    const steps = await Promise.all(lambdas.map(inputsOf));
    const doors = await Promise.all(
      trail(2)
        .filter((file) => file.endsWith('.lambda.ts'))
        .map(inputsOf),
    );
    const bundled = new Set([...steps, ...doors].flat());
    // The state machine is data: the template holds it, no function does.
    expect(trail(2).filter((file) => !bundled.has(file))).toEqual(['pipeline/task.machine.ts']);
    const parsers = lambdas.filter((_, i) =>
      steps[i]?.some((file) => ['core/task-spec/parse.ts', 'core/policy/merge.ts'].includes(file)),
    );
    expect(parsers).toEqual([]);
  });
});
