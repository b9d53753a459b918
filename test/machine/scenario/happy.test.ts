import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import { scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, run, type World } from '../../support/world.ts';

let world: World;
let server: ServerProcess;

beforeEach(() => {
  world = createWorld();
});
afterEach(async () => {
  await server.close();
  world.remove();
});

describe('a task from spec to draft pull request', () => {
  test('R17 R25 delivers one commit with provenance, and leaves the work tree alone', async () => {
    server = await world.open();
    const before = world.git('status', '--porcelain', '--branch');
    const done = await run(world, server);
    expect(done).toMatchObject({ status: 'delivered', error: null, taskId: 'FIX-1', cost: { usd: 0 } });
    expect(world.git('diff', '--name-status', `main..${done.branch}`)).toBe('M\tsrc/math.js');
    expect(world.git('rev-list', '--count', `main..${done.branch}`)).toBe('1');
    const trailers = world.git('log', '-1', '--format=%(trailers:only)', done.branch);
    for (const name of [
      'Run',
      'Task',
      'Spec',
      'Base',
      'Policy',
      'Prompt',
      'Agent',
      'Plan-Approved-By',
      'Requested-By',
    ]) {
      expect(trailers).toContain(`Drydock-${name}: `);
    }
    expect(world.git('status', '--porcelain', '--branch')).toBe(before);
    expect(done.transitions).toBeLessThanOrEqual(30);
  });

  test('R11 the same spec again is a duplicate and starts no sandbox; a new attempt is a new run and branch', async () => {
    server = await world.open({ runner: scriptedRunner() });
    const first = await run(world, server);
    const again = await run(world, server);
    expect(again).toMatchObject({ outcome: 'duplicate', runId: first.runId });
    expect(again.events).toEqual(first.events);
    const second = await run(world, server, { attempt: 2 });
    expect(second.status).toBe('delivered');
    expect(second.runId).not.toBe(first.runId);
    expect(second.branch).not.toBe(first.branch);
  });

  test('R11 two at once: one runs', async () => {
    server = await world.open({ runner: scriptedRunner() });
    const both = await Promise.all([run(world, server), run(world, server)]);
    expect(both.map((view) => view.outcome).sort()).toEqual(['duplicate', 'started']);
    expect(world.git('for-each-ref', '--format=x', 'refs/heads/agent').split('\n')).toHaveLength(1);
  });

  test('R5 a dry run claims nothing and takes nothing away from the real one', async () => {
    server = await world.open({ runner: scriptedRunner() });
    const dry = await run(world, server, { dryRun: true });
    expect(dry).toMatchObject({ status: 'dry-run', commit: null });
    expect(readdirSync(world.data)).not.toContain('bases');
    const real = await run(world, server);
    expect(real).toMatchObject({ outcome: 'started', status: 'delivered' });
  });
});
