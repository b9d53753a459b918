import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openServerProcess } from '../../../cli/local/compose.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import { campaignSpec, part } from '../../support/campaign.ts';
import { childEnv } from '../../support/child-env.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
  world.policy({
    budgets: { web: { sprint_starts: '2026-01-05', sprint_days: 14, limit_usd: 100 } },
    repositories: { 'acme/calc': { host: 'git', url: './repo', team: 'web' } },
  });
  world.spec(campaignSpec([part('a'), part('b'), part('c', { depends_on: ['a'] })]));
});
afterEach(() => world.remove());

const live = () =>
  spawnSync(process.execPath, [join(import.meta.dirname, '../../support/campaign-child.ts'), world.folder], {
    encoding: 'utf8',
    timeout: 300_000,
    env: childEnv(),
  });
const lines = (name: string): string[] => readFileSync(join(world.folder, name), 'utf8').split('\n').filter(Boolean);

/** More lives than this would mean that it does not get on. */
const maxLives = 150;

describe('R12 R35 kill -9 of the owner of a campaign', () => {
  test('at every boundary of Dispatch, Integrate and each part: finished, every part once, money exact', {
    timeout: 900_000,
  }, async () => {
    let last = live();
    for (let life = 1; last.signal === 'SIGKILL' && life < maxLives; life++) last = live();
    expect(last.stderr).toBe('');
    const run = JSON.parse(last.stdout) as RunView;
    expect(run).toMatchObject({ status: 'delivered', error: null });
    const parts = run.parts ?? [];
    expect(parts.map(({ id, status, round, merged }) => `${id} ${status} ${round} ${merged}`)).toEqual([
      'a done 1 true',
      'b done 1 true',
      'c done 1 true',
    ]);

    // It was killed before and after every step of each part, and in Dispatch and Integrate.
    const hit = lines('boundaries').map((line) => line.split(' '));
    const steps = (who: string, at: string): string[] =>
      [...new Set(hit.filter((line) => line[0] === who && line[3] === at).map((line) => line[1] ?? ''))].sort();
    expect(steps('campaign', 'called')).toEqual(['dispatch', 'integrate']);
    const ofPart = ['build', 'claim', 'estimate', 'plan', 'reserve', 'settle', 'validate', 'verify'];
    for (const { runId } of parts) {
      expect(steps(runId?.slice(0, 8) ?? '', 'called')).toEqual(ofPart);
      expect(steps(runId?.slice(0, 8) ?? '', 'returned')).toEqual(ofPart);
      expect(steps(runId?.slice(0, 8) ?? '', 'waiting')).toEqual(['build', 'plan', 'verify']);
    }

    expect(world.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/agent')).toBe(run.branch);
    expect(world.git('rev-list', '--count', `main..${run.branch}`)).toBe('1');
    const merges = run.events.filter(({ type }) => type === 'parts-merged');
    expect(merges.map(({ text }) => text)).toEqual(['a, b, c']);
    expect(new Set(run.events.map((event) => event.key)).size).toBe(run.events.length);

    const server = await openServerProcess({ dataDir: world.data, passive: true });
    try {
      const ids = [run.runId, ...parts.map(({ runId }) => runId ?? '')];
      let charged = 0;
      for (const id of ids)
        charged += (await server.service.audit(id)).calls.reduce((sum, call) => sum + call.usdMicros, 0);
      expect(Math.round(run.cost.usd * 1e6)).toBe(charged);
      // Eleven phases: plan and verify of the campaign; plan, build and verify of each part. A life that was cut off may have paid for one more.
      expect(charged).toBeGreaterThanOrEqual(11 * 1_000);
      expect(charged).toBeLessThanOrEqual(lines('effects').length * 1_000);
    } finally {
      await server.close();
    }
  });
});
