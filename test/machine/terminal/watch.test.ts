import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { drydockIn, type Tmux } from '../../support/tmux.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
const terminals: Tmux[] = [];
const terminal = (...args: string[]): Tmux => {
  const opened = drydockIn(world.folder, args, { columns: 100 });
  terminals.push(opened);
  return opened;
};

beforeEach(() => {
  world = createWorld();
  world.policy({ review: { approvers: ['lead'], solo: true } });
});
afterEach(() => {
  for (const each of terminals.splice(0)) each.close();
  world.remove();
});

const flags = (): string[] => ['--policy', join(world.folder, 'policy.yaml'), '--data', world.data];
const data = (): string[] => ['--data', world.data];

test('watch follows the runs of another process until Ctrl-C: what they do, and that they wait', async () => {
  const { file } = world.spec();
  const running = terminal('run', file, '--as', 'lead', ...flags());
  await running.shows('(as lead)> Approve');
  const watching = terminal('watch', ...data());
  await watching.shows('◆ FIX-1  waits for a person  $0.00  drydock show FIX-1');
  // The events before it are no news.
  expect(watching.screen()).not.toContain('claimed');
  running.press('Enter');
  await watching.shows(/FIX-1 vote {2}lead: approve/);
  await watching.shows(/FIX-1 phase-started {2}build 1/);
  await running.shows('Approve the change?');
  running.press('Enter');
  await watching.shows(/FIX-1 delivered/);
  await watching.shows('No run is live.');
  watching.press('C-c');
  expect(await watching.ended()).toBe(0);
  expect(watching.screen()).not.toMatch(/No run is live/);
});

test('watch --once prints the live runs, and with --json one document, whether a server process runs or not', () => {
  const { file } = world.spec();
  expect(cli(world, 'watch', '--once', ...data()).stdout).toBe('No run is live.\n');
  expect(cli(world, 'run', file, '--as', 'lead', ...flags()).code).toBe(5);
  expect(cli(world, 'watch', '--once', ...data()).stdout).toBe(
    '◆ FIX-1  waits for a person  $0.00  drydock show FIX-1\n',
  );
  const { runs } = cli(world, 'watch', '--once', '--json', ...data()).json as { runs: { taskId: string }[] };
  expect(runs.map(({ taskId }) => taskId)).toEqual(['FIX-1']);
});

test('a command that others follow runs through says why it goes on after its run is left, and ends with them', async () => {
  const { file } = world.spec();
  const running = terminal('run', file, '--as', 'lead', ...flags());
  await running.shows('(as lead)> Approve');
  const watching = terminal('watch', ...data());
  await watching.shows('◆ FIX-1  waits for a person');
  running.press('6', 'Enter');
  await running.shows('Other commands follow runs through this process');
  watching.press('C-c');
  await running.shows(/waiting +FIX-1/);
});
