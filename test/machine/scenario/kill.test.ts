import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openServerProcess } from '../../../cli/local/compose.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import { taskMachine } from '../../../pipeline/task.machine.ts';
import { childEnv } from '../../support/child-env.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
  world.policy({
    limits: { rework_rounds: 2 },
    budgets: { web: { sprint_starts: '2026-01-05', sprint_days: 14, limit_usd: 100 } },
    repositories: { 'acme/calc': { host: 'git', url: './repo', team: 'web' } },
  });
  world.spec();
});
afterEach(() => world.remove());

const live = (mode: 'run' | 'kill') =>
  spawnSync(process.execPath, [join(import.meta.dirname, '../../support/server-child.ts'), world.folder, mode], {
    encoding: 'utf8',
    timeout: 300_000,
    env: childEnv(),
  });
const lines = (name: string): string[] => readFileSync(join(world.folder, name), 'utf8').split('\n').filter(Boolean);

/** More lives than this would mean that it does not get on. */
const maxLives = 150;

describe('R12 kill -9 of the owner', () => {
  test('at every state boundary and inside every wait, one after the other: finished, everything once, money exact', {
    timeout: 900_000,
  }, async () => {
    let last = live('kill');
    for (let life = 1; last.signal === 'SIGKILL' && life < maxLives; life++) last = live('kill');
    expect(last.stderr).toBe('');
    const run = JSON.parse(last.stdout) as RunView;
    expect(run).toMatchObject({ status: 'delivered', error: null });

    // It was killed before and after every step of the definition, and inside the wait of every step that waits.
    const hit = (at: string): string[] =>
      [
        ...new Set(
          lines('boundaries')
            .map((line) => line.split(' '))
            .filter((line) => line[2] === at)
            .map((line) => line[0] ?? ''),
        ),
      ].sort();
    const elsewhere = ['Queued', 'Dispatch', 'Integrate', 'Review', 'Ask'];
    const tasks = Object.entries(taskMachine((step) => step).States).flatMap(([name, state]) =>
      state.Type === 'Task' && !elsewhere.includes(name) ? [state] : [],
    );
    const stepOf = (state: (typeof tasks)[number]): string =>
      (state.Arguments as { FunctionName: string }).FunctionName;
    expect(hit('called')).toEqual(tasks.map(stepOf).sort());
    // CI without gates answers its own token before its step returns: the next state may be on before that.
    const returning = tasks.filter((state) => stepOf(state) !== 'await-ci');
    expect(hit('returned').filter((step) => step !== 'await-ci')).toEqual(returning.map(stepOf).sort());
    const waits = returning.filter((state) => state.Resource.endsWith('.waitForTaskToken'));
    expect(hit('waiting').filter((step) => step !== 'await-ci')).toEqual(waits.map(stepOf).sort());

    expect(world.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/agent')).toBe(run.branch);
    expect(world.git('rev-list', '--count', `main..${run.branch}`)).toBe('1');
    expect(new Set(run.events.map((event) => event.key)).size).toBe(run.events.length);

    const server = await openServerProcess({ dataDir: world.data, passive: true });
    try {
      const gates = await server.service.gatesOf(run.runId);
      expect(gates.filter((gate) => gate.kind !== 'ci').map((gate) => gate.votes.length)).toEqual(
        gates.filter((gate) => gate.kind !== 'ci').map(() => 1),
      );
      expect((await server.outbox()).map((message) => message.subject).sort()).toHaveLength(
        gates.filter((gate) => gate.kind !== 'ci').length + 1,
      );
      // What a finished try said it spent is charged once; a try that was cut off made no call that ended.
      const settled = await server.service.audit(run.runId);
      const charged = settled.calls.reduce((sum, call) => sum + call.usdMicros, 0);
      expect(run.cost.usd * 1e6).toBe(charged);
      const made = new Map(lines('effects').map((line) => line.split(' ') as [string, string]));
      const most = [...made.values()].reduce((sum, micros) => sum + Number(micros), 0);
      expect(charged).toBeLessThanOrEqual(most);
      // Seven phases ended: plan, three builds and a rework, two verifications.
      expect(charged).toBeGreaterThanOrEqual(7 * 1_000);
    } finally {
      await server.close();
    }
  });
});
