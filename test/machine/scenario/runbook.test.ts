import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cliIn } from '../../support/cli.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

const runbook = `---
runbook: mend
version: 2
description: Mend a function
parameters:
  file: {description: File of the function, type: path}
  result: {description: What 1 and 2 give, type: integer, default: 3}
spec:
  repository: acme/calc
  output_branch_prefix: agent/mend
  constraints: ["Change only \${file}"]
  success_criteria:
    - says: it gives \${result}
      run: >-
        node -e "import('./\${file}').then((m) => process.exit(m.add(1, 2) === \${result} ? 0 : 1))"
  sandbox: {package_manager: npm, runtime: "node:24", test_command: npm test}
---

# Mend add in \${file}

Make add in \${file} add.
`;

test('R8 a runbook is used from the command line, and its runs are shown with outcome, rework and cost', () => {
  world.commit({ '.agent-tasks/runbooks/mend.md': runbook });
  const common = ['--policy', '../policy.yaml', '--data', '../data', '--as', 'dev@example.com', '--json'];
  const at = (...args: string[]) => cliIn(world, world.repo, 'runbook', ...args);

  expect(at('lint', '--json')).toMatchObject({ code: 0, json: { files: [{ runbook: 'mend', valid: true }] } });
  expect(at('use', 'mend', '-p', 'fil=x', ...common)).toMatchObject({
    code: 2,
    json: { error: { name: 'ParametersInvalid', message: expect.stringContaining('mend.md:6:3 missing-parameter') } },
  });
  const printed = at('use', 'mend', '-p', 'file=src/math.js', ...common);
  expect(printed).toMatchObject({
    code: 0,
    json: { file: expect.stringMatching(/^\.agent-tasks\/mend-[0-9a-f]{8}\.yaml$/) },
  });

  const done = at('use', 'mend', '-p', 'file=src/math.js', '--run', '--yes', ...common);
  expect(done).toMatchObject({ code: 0, json: { status: 'delivered', taskId: printed.json.taskId } });
  const { runId } = done.json as { runId: string };
  const use = {
    name: 'mend',
    version: 2,
    digest: expect.stringMatching(/^[0-9a-f]{40}$/),
    parameters: { file: 'src/math.js', result: 3 },
  };
  expect(done.json.runbook).toEqual(use);
  const evidence = cliIn(world, world.repo, 'show', runId, '--evidence', '--data', '../data', '--json').json.evidence;
  expect((evidence as { pullRequestBody: string }).pullRequestBody).toMatch(
    /\| runbook \| `mend` version 2, `[0-9a-f]{40}` \|/,
  );
  const { name: _name, ...fields } = use;
  expect(at('show', 'mend', '--policy', '../policy.yaml', '--data', '../data', '--json')).toMatchObject({
    code: 0,
    json: { name: 'mend', version: 2, uses: [{ runId, status: 'delivered', reworkRounds: 0, usd: 0, ...fields }] },
  });

  // The same use once more is the same run.
  expect(at('use', 'mend', '-p', 'file=src/math.js', '--run', '--yes', ...common).json).toMatchObject({
    status: 'duplicate',
    runId,
  });
});

test('R8 a pull request that adds the spec of a runbook is opened once, and the run of the merged file records it', () => {
  world.commit({ '.agent-tasks/runbooks/mend.md': runbook });
  const common = ['--policy', '../policy.yaml', '--data', '../data', '--as', 'dev@example.com', '--json'];
  const open = () =>
    cliIn(world, world.repo, 'runbook', 'use', 'mend', '-p', 'file=src/math.js', '--open-pr', ...common);
  const first = open();
  expect(first).toMatchObject({ code: 0, json: { taskId: expect.any(String), pullRequest: { draft: false } } });
  expect(open().json).toEqual(first.json);
  const { file, branch } = first.json as { file: string; branch: string };
  expect(world.git('diff', '--name-only', `main...${branch}`)).toBe(file);
  const text = world.git('show', `${branch}:${file}`);
  mkdirSync(join(world.repo, '.agent-tasks'), { recursive: true });
  writeFileSync(join(world.repo, file), text);
  const done = cliIn(world, world.repo, 'run', file, '--yes', ...common);
  expect(done).toMatchObject({ code: 0, json: { status: 'delivered', runbook: { name: 'mend', version: 2 } } });
});
