import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { descendants } from '../../../adapters/local/sandbox/limits/processes.ts';
import type { Audit, RunView } from '../../../pipeline/service/service.ts';
import { cli, cliAsync, cliProcess } from '../../support/cli.ts';
import { createWorld, goodAgent, type World } from '../../support/world.ts';

/** What one recorded call costs: 1000 tokens in, 100 out, at the model's price. */
const callMicros = 2_250;
/** Asks the model once, says so on a command line that can be seen from outside, and goes on for ever. */
const stuck = (mark: string): string => `
  await fetch(process.env.GOOGLE_GEMINI_BASE_URL + '/v1beta/models/gemini-2.5-pro:generateContent', { method: 'POST', headers: { 'x-goog-api-key': process.env.GEMINI_API_KEY, 'content-type': 'application/json' }, body: '{"contents":[]}' }).then((answer) => answer.text());
  spawn('bash', ['-c', 'exec -a ${mark} sleep 300'], { detached: true, stdio: 'ignore' });
  setInterval(() => {}, 1000);`;

const processesWith = (mark: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(mark);
    } catch {
      return false;
    }
  });

let world: World;
beforeEach(() => {
  world = createWorld();
  world.policy({
    agents: {
      default: 'codemod',
      profiles: {
        codemod: {
          kind: 'command',
          command: ['node', '/agent/agent.mjs'],
          files: './agent',
          provider: 'google',
          model: 'gemini-2.5-pro',
        },
      },
    },
    models: { allow: ['google/*'] },
  });
  const body = { text: 'ok', usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 100 } };
  const call = { kind: 'generateContent', status: 200, headers: { 'content-type': 'application/json' }, body };
  mkdirSync(join(world.folder, 'session'));
  for (const phase of ['plan-1', 'build-1'])
    writeFileSync(
      join(world.folder, 'session', `${phase}.json`),
      JSON.stringify({ provider: 'google', model: 'gemini-2.5-pro', calls: [call] }),
    );
});
afterEach(() => world.remove());

const where = ['--data', 'data', '--json'];
const runArgs = ['--yes', '--policy', 'policy.yaml', '--replay', 'session', ...where];
const specNamed = (task_id: string): string =>
  world.spec({ task_id, output_branch_prefix: `agent/${task_id.toLowerCase()}` }).file;

/** Delivered once, by a second try of its build, with the first try's call still charged. */
function expectTakenUp(view: RunView): void {
  expect(view).toMatchObject({ status: 'delivered', error: null, cost: { usd: callMicros / 1e6 } });
  const started = view.events.filter((event) => event.type === 'phase-started').map((event) => event.text);
  expect(started.slice(0, 3)).toEqual(['plan 1', 'build 1', 'build 1, attempt 2']);
  const { calls } = cli(world, 'audit', view.taskId, ...where).json as unknown as Audit;
  expect(calls).toMatchObject([{ usdMicros: callMicros, state: 'settled' }]);
  const prefix = view.branch.slice(0, view.branch.lastIndexOf('-'));
  expect(world.git('for-each-ref', '--format=%(refname:short)', `refs/heads/${prefix}-*`)).toBe(view.branch);
  expect(world.git('rev-list', '--count', `main..${view.branch}`)).toBe('1');
}

describe('R12 kill -9 of a run in the middle of its build', () => {
  test('nothing of it is left; a second terminal takes over; the same run again delivers; money stays charged', async () => {
    const mark = `drydock-stuck-${process.pid}`;
    world.agent(stuck(mark));
    const [one, two] = [specNamed('ONE-1'), specNamed('TWO-2')];
    const first = cliProcess(world, 'run', one, ...runArgs);
    await expect.poll(() => processesWith(mark).length, { timeout: 60_000 }).toBe(1);
    const second = cliAsync(world, 'run', two, ...runArgs);
    await expect.poll(() => processesWith(mark).length, { timeout: 60_000 }).toBe(2);

    const below = await descendants(first.child.pid ?? 0);
    // Two gateways, two sandboxes with their inner layer, the database.
    expect(below.length).toBeGreaterThan(10);
    world.agent(goodAgent);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    await expect.poll(() => below.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
    expect(processesWith(mark)).toEqual([]);

    const taken = await second;
    expect([taken.code, taken.stderr]).toEqual([0, expect.stringContaining('takes over')]);
    expectTakenUp(taken.json as unknown as RunView);
    const again = cli(world, 'run', one, ...runArgs);
    expect([again.code, again.stderr]).toEqual([0, expect.anything()]);
    expectTakenUp(again.json as unknown as RunView);

    const requests = readdirSync(join(world.data, 'pull-requests'), { recursive: true, encoding: 'utf8' });
    expect(requests.filter((name) => name.endsWith('.json'))).toHaveLength(2);
    expect(cli(world, 'run', one, ...runArgs).json).toMatchObject({ status: 'duplicate' });
  });
});
