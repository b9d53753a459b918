/** Runs from spec to branch whose every phase is in containers: what scenarios show with bubblewrap. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../cli/local/compose.ts';
import { cliAsync } from '../support/cli.ts';
import { containersLeft, inContainers } from '../support/containers/walls.ts';
import { createWorld, followRun, goodAgent, run, submit, type World } from '../support/world.ts';

let world: World;
let server: ServerProcess | undefined;

beforeEach(() => {
  world = createWorld();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  world.remove();
  expect(containersLeft()).toEqual([]);
});

const open = async (): Promise<ServerProcess> => {
  server = await world.open({ sandbox: inContainers() });
  return server;
};
const kinds = (events: { type: string; text: string }[]): string[] =>
  events.filter(({ type }) => type === 'phase-started').map(({ text }) => text);
const bad = "fs.writeFileSync('src/math.js', 'export const add = (a, b) => a * b;\\n');";

describe('in containers', () => {
  test('a task is delivered: one commit, and the evidence names the image and who held the limits', async () => {
    const done = await run(world, await open());
    expect(done).toMatchObject({ status: 'delivered', error: null });
    expect(world.git('show', `${done.branch}:src/math.js`)).toBe('export const add = (a, b) => a + b;');
    const evidence = JSON.stringify(await server?.service.evidence(done.runId));
    expect(evidence).toMatch(/podman \d[\d.]*[^"]*: memory cgroup\d, pids cgroup\d/);
    expect(evidence).toMatch(/"image":"sha256:[0-9a-f]{64}"/);
  });

  test('R14 a red baseline ends the run before the agent is started', async () => {
    world.commit({
      'test/broken.test.js': "import test from 'node:test';\ntest('breaks', () => { throw new Error('leaks'); });\n",
    });
    const done = await run(world, await open());
    expect(done).toMatchObject({ status: 'failed', commit: null, error: { name: 'BaselineRed' } });
    expect(done.error?.message).toContain('leaks');
    expect(kinds(done.events)).toEqual(['plan 1']);
  });

  test('R22 a question waits with nothing running, and its answer reaches the next sandbox', async () => {
    world.agent(
      `if (prompt.includes('Use the plus sign.')) { ${goodAgent} } else fs.writeFileSync(out + '/question.json', JSON.stringify({ question: 'Which sign?', options: ['plus', 'minus'] }));`,
    );
    const first = await open();
    const { runId } = await submit(world, first);
    await followRun(first, runId, false);
    await first.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
    expect(await followRun(first, runId, false)).toMatchObject({ status: 'waiting', state: 'AskHuman' });
    expect(containersLeft()).toEqual([]);
    await first.service.vote({ gate: runId, who: 'dev@example.com', choice: 'answer', text: 'Use the plus sign.' });
    expect(await followRun(first, runId)).toMatchObject({ status: 'delivered' });
  });

  test('a red verification is fed back, and the rework is what is published', async () => {
    world.agent(`if (phase === 'rework') { ${goodAgent} } else { ${bad} }`);
    const done = await run(world, await open());
    expect(done).toMatchObject({ status: 'delivered' });
    expect(kinds(done.events)).toEqual(['plan 1', 'build 1', 'verify 1', 'rework 2', 'verify 2']);
    expect(world.git('show', `${done.branch}:src/math.js`)).toBe('export const add = (a, b) => a + b;');
  });

  test('the demo: the recorded session of gemini, in the image', async () => {
    const demo = await cliAsync(world, 'demo', '--sandbox', 'container', '--json');
    expect([demo.code, demo.json.status, demo.json.error], demo.stderr).toEqual([0, 'delivered', null]);
    const { repository, branch } = demo.json as { repository: string; branch: string };
    const changed = execFileSync('git', ['diff', '--name-only', `main..${branch}`], {
      cwd: repository,
      encoding: 'utf8',
    });
    expect(changed.trim().split('\n')).toEqual(['src/round.js', 'test/round.test.js']);
    rmSync(dirname(repository), { recursive: true, force: true });
  });
});
