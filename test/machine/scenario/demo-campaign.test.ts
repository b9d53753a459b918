import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Audit, RunView } from '../../../pipeline/service/service.ts';
import { cli, cliAsync, type Said } from '../../support/cli.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
let demo: Said;
let view: RunView & { repository: string; lesson?: string };
const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: view.repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
const audit = (run: string): Audit =>
  cli(world, 'audit', run, '--data', join(dirname(view.repository), 'data'), '--json').json as unknown as Audit;

beforeAll(async () => {
  world = createWorld();
  demo = await cliAsync(world, 'demo', '--campaign', '--json');
  view = demo.json as unknown as typeof view;
  expect(view.repository, demo.stderr).toBeDefined();
}, 240_000);
afterAll(() => {
  if (view.repository) rmSync(dirname(view.repository), { recursive: true, force: true });
  world.remove();
});

describe('the demo of a campaign', () => {
  test('R35 is delivered: three parts, done and merged, after one conflict', () => {
    expect(demo.code, demo.stderr).toBe(0);
    expect(view).toMatchObject({
      status: 'delivered',
      error: null,
      parts: ['cart', 'orders', 'users'].map((id) => ({ id, status: 'done', round: 1, merged: true, error: null })),
    });
    const conflicts = view.events.filter(({ type }) => type === 'parts-conflict');
    expect(conflicts.map(({ text }) => text)).toEqual([expect.stringContaining('test/support/money.js')]);
  });

  test('R35 changes 24 tests and the helper that two parts share, in one commit', () => {
    expect(git('rev-parse', view.branch)).toBe(view.commit);
    expect(git('rev-list', '--count', `main..${view.branch}`)).toBe('1');
    expect(git('branch', '--list', 'agent/*').split('\n')).toHaveLength(1);
    const changed = git('diff', '--name-only', `main..${view.branch}`).split('\n');
    expect(changed.filter((path) => /^test\/(cart|orders|users)\/[\w-]+\.test\.js$/.test(path))).toHaveLength(24);
    expect(changed.filter((path) => !path.endsWith('.test.js'))).toEqual(['test/support/money.js']);
  });

  test('R36 proposes a lesson of the conflict, on a branch of its own', () => {
    expect(view.lesson).toBe('drydock/lessons');
    const added = git('diff', '--name-only', 'main..drydock/lessons').split('\n');
    expect(added).toEqual(['.agent-tasks/knowledge/one-helper-one-part.md']);
    expect(git('show', 'drydock/lessons:.agent-tasks/knowledge/one-helper-one-part.md')).toContain('test/support');
  });

  test('R35 opens one pull request with a row for each part', () => {
    const body = readFileSync(fileURLToPath(view.pullRequest?.url ?? ''), 'utf8');
    const table = /## Parts\n\n([\s\S]*?)\n\n/.exec(body)?.[1]?.split('\n') ?? [];
    expect(table[0]).toBe('| part | by | files | verified | cost |');
    expect(
      table
        .slice(2)
        .map((row) => /^\| `(\w+)`: .* \| (\d+) \| test passed, .* passed \| \$0\.\d\d \|$/.exec(row)?.slice(1)),
    ).toEqual([
      ['cart', '9'],
      ['orders', '9'],
      ['users', '8'],
    ]);
  });

  test('R27 costs what the metered calls of the coordinator and of all parts add up to', () => {
    const parts = (view.parts ?? []).map(({ runId, usd }) => ({ usd: usd.spent, calls: audit(runId ?? '').calls }));
    const micros = (calls: Audit['calls']): number => calls.reduce((sum, { usdMicros }) => sum + usdMicros, 0);
    for (const { usd, calls } of parts) expect(Math.round(usd * 1e6)).toBe(micros(calls));
    const own = audit(view.runId).calls;
    const all = new Map([...own, ...parts.flatMap(({ calls }) => calls)].map((call) => [JSON.stringify(call), call]));
    expect(own.length).toBeGreaterThan(0);
    expect(parts.every(({ calls }) => calls.length > 0)).toBe(true);
    expect([...all.values()].every(({ state, usdMicros }) => state === 'settled' && usdMicros > 0)).toBe(true);
    expect(Math.round(view.cost.usd * 1e6)).toBe(micros([...all.values()]));
  });
});
