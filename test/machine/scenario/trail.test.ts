import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { createWorld } from '../../support/world.ts';

const root = resolve(import.meta.dirname, '../../..');

interface Called {
  functionName: string;
  ranges: { count: number }[];
}

/** How often each function of the project's files ran in a process, from V8's coverage: file → function → count. */
function callsIn(folder: string): Map<string, Map<string, number>> {
  const calls = new Map<string, Map<string, number>>();
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      result: { url: string; functions: Called[] }[];
    };
    for (const { url, functions } of result) {
      if (!url.startsWith('file://') || url.includes('/node_modules/')) continue;
      const counts = new Map<string, number>();
      for (const { functionName, ranges } of functions)
        counts.set(functionName, (counts.get(functionName) ?? 0) + (ranges[0]?.count ?? 0));
      calls.set(relative(root, fileURLToPath(url)), counts);
    }
  }
  return calls;
}

test('a run on one machine passes the files of the trail, parses its spec once and merges its policy once', () => {
  const world = createWorld();
  try {
    world.policy({ repositories: {} });
    const { file } = world.spec();
    const coverage = join(world.folder, 'coverage');
    mkdirSync(coverage);
    const done = cli(
      { ...world, env: { NODE_V8_COVERAGE: coverage } } as never,
      'run', file, '--repo', `acme/calc=${world.repo}`, '--yes', '--policy', 'policy.yaml', '--data', 'data', '--as', 'dev@example.com', '--json');
    expect(done.json).toMatchObject({ status: 'delivered' });
    const calls = callsIn(coverage);
    const count = (f: string, name: string) => calls.get(f)?.get(name);
    console.log('FILES', [...calls.keys()].length, count('core/task-spec/parse.ts', 'parseSpec'), count('core/policy/merge.ts', 'applyPolicy'), count('core/policy/resolve-task.ts', 'resolveTask'));
    console.log([...calls].filter(([, m]) => [...m.values()].some((n) => n > 0)).map(([f]) => f).filter((f) => /^(cli\/commands|pipeline|adapters\/git|core\/policy|core\/task-spec)/.test(f)).join('\n'));
    console.log([...calls.get('pipeline/steps/intake/claim.ts') ?? []]);
  } finally {
    world.remove();
  }
});
