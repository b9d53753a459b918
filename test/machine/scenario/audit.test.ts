import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

const policy = ['--policy', 'policy.yaml', '--data', 'data', '--as', 'dev@example.com', '--json'];
const data = ['--data', 'data', '--json'];
interface Line {
  who: string;
  what: string;
  channel: string;
  on: string;
  why: string;
  seq: number;
}

test('R30 the audit names who did what, where and on what; also what was refused; and a changed byte is found', () => {
  const { file } = world.spec();
  const gate = String(cli(world, 'run', file, ...policy).json.gate);
  expect(cli(world, 'approve', gate, '--as', 'dev@example.com', ...data).code).toBe(2);
  expect(cli(world, 'approve', gate, '--as', 'lead', ...data).code).toBe(0);
  expect(cli(world, 'pause', '--as', 'mallory', '--policy', 'policy.yaml', ...data).code).toBe(2);
  cli(world, 'run', file, ...policy);
  expect(cli(world, 'approve', 'FIX-1', '--as', 'lead', ...data).code).toBe(0);
  expect(cli(world, 'run', file, ...policy).json).toMatchObject({ status: 'delivered' });

  const linesOf = (...args: string[]) => cli(world, 'audit', ...args, ...data).json.lines as Line[];
  const votes = linesOf('FIX-1', '--what', 'vote');
  expect(votes.map(({ who, channel }) => [who, channel])).toEqual([
    ['lead', 'terminal'],
    ['lead', 'terminal'],
  ]);
  expect(votes.map(({ on }) => on.length)).toEqual([64, 40]);
  expect(linesOf('--what', 'vote-refused')).toMatchObject([
    { who: 'dev@example.com', channel: 'terminal', why: expect.stringContaining('requested this run') },
  ]);
  expect(linesOf('--text', 'mallory')).toMatchObject([{ what: 'pause-refused', who: 'mallory' }]);
  expect(linesOf('--path', 'src', '--who', 'lead').length).toBe(2);
  expect(linesOf('--path', 'docs')).toEqual([]);
  expect(linesOf('--until', '2020-01-01')).toEqual([]);
  expect(linesOf('--what', 'run-ended').length).toBe(1);
  const csv = cli(world, 'audit', '--who', 'lead', '--format', 'csv', '--data', 'data').stdout.trim().split('\r\n');
  expect([csv.length, csv[0]]).toEqual([3, 'chain,taskId,seq,at,who,what,why,channel,on,prevHash,hash']);

  const verified = cli(world, 'audit', '--verify', ...data);
  expect(verified).toMatchObject({ code: 0, json: { ok: true, runs: 1, broken: [], deployment: { ok: true } } });
  const harmed = (sql: string): { code: number | null; json: Record<string, unknown>; stdout: string } => {
    const db = new DatabaseSync(join(world.folder, 'data', 'stores.sqlite'));
    db.exec(sql);
    db.close();
    return cli(world, 'audit', '--verify', ...data);
  };
  const line = votes[0]?.seq;
  expect(harmed(`UPDATE events SET body = replace(body, '"who":"lead"', '"who":"leaf"')`)).toMatchObject({
    code: 1,
    json: { ok: false, broken: [{ fault: { seq: line } }] },
  });
  expect(harmed(`UPDATE events SET body = replace(body, '"who":"leaf"', '"who":"lead"')`).code).toBe(0);
  // The whole chain of the run, with the position that its store keeps.
  harmed(`CREATE TABLE kept AS SELECT * FROM events; DELETE FROM events WHERE key = 'ended';
    UPDATE auditHeads SET seq = seq - 1 WHERE chain != 'deployment'`);
  expect(cli(world, 'audit', '--verify', ...data).code).toBe(1);
});
