import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Audit, RunView } from '../../../pipeline/service/service.ts';
import { cliAsync, type Said } from '../../support/cli.ts';
import { createWorld, type World } from '../../support/world.ts';

const recorded = join(import.meta.dirname, '../../../examples/sessions/DEMO-ROUNDING-001');

let world: World;
let demos: Said[];
const viewOf = (said: Said | undefined): RunView & { repository: string } => {
  const view = said?.json as unknown as RunView & { repository: string };
  expect(view.runId, said?.stderr).toBeDefined();
  return view;
};
beforeAll(async () => {
  world = createWorld();
  demos = await Promise.all([cliAsync(world, 'demo', '--json'), cliAsync(world, 'demo', '--json')]);
}, 120_000);
afterAll(() => {
  for (const demo of demos) rmSync(dirname(viewOf(demo).repository), { recursive: true, force: true });
  world.remove();
});

describe('the demo', () => {
  test('in an empty HOME, twice at once: delivered, exit 0, each in a fresh folder', () => {
    expect(demos.map(({ code, json }) => [code, json.status, json.error])).toEqual([
      [0, 'delivered', null],
      [0, 'delivered', null],
    ]);
    expect(new Set(demos.map((demo) => viewOf(demo).repository)).size).toBe(2);
  });

  test('R25 changes what the spec names, in one commit with provenance', () => {
    const { repository, branch, commit } = viewOf(demos[0]);
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
    expect(git('rev-parse', branch)).toBe(commit);
    expect(git('diff', '--name-only', `main..${branch}`).split('\n')).toEqual(['src/round.js', 'test/round.test.js']);
    expect(git('rev-list', '--count', `main..${branch}`)).toBe('1');
    const trailers = git('log', '-1', '--format=%(trailers:only)', branch);
    for (const name of ['Run', 'Task', 'Spec', 'Base', 'Policy', 'Agent', 'Plan-Approved-By', 'Requested-By'])
      expect(trailers).toContain(`Drydock-${name}: `);
    expect(git('status', '--porcelain')).toBe('');
  });

  test('R27 costs what its metered calls add up to', async () => {
    const { repository, runId, cost } = viewOf(demos[0]);
    const data = join(dirname(repository), 'data');
    const audit = (await cliAsync(world, 'audit', runId, '--data', data, '--json')).json as unknown as Audit;
    const calls = ['plan-1', 'build-1'].map((name) => session(name).calls.length);
    expect(audit.calls).toHaveLength(calls.reduce((sum, count) => sum + count, 0));
    expect(audit.calls.every((call) => call.usdMicros > 0 && call.state === 'settled')).toBe(true);
    expect(Math.round(cost.usd * 1e6)).toBe(audit.calls.reduce((sum, call) => sum + call.usdMicros, 0));
  });
});

interface Session {
  calls: { body: string }[];
}
const session = (name: string): Session => JSON.parse(readFileSync(join(recorded, `${name}.json`), 'utf8')) as Session;

/** Runs the demo's spec against the demo's repository with a session that was changed. */
async function replay(name: string, file: string, change: (session: Session) => void): Promise<Said> {
  const { repository, branch } = viewOf(demos[1]);
  // A run of another data folder has the same branch, which the demo left: it would be refused before it starts.
  execFileSync('git', ['update-ref', '-d', `refs/heads/${branch}`], { cwd: repository });
  const folder = join(world.folder, name);
  cpSync(recorded, folder, { recursive: true });
  const changed = session(file);
  change(changed);
  writeFileSync(join(folder, `${file}.json`), JSON.stringify(changed));
  // Beside the demo's own, which paths in it are relative to.
  const policy = join(dirname(repository), `${name}.yaml`);
  const text = readFileSync(join(dirname(repository), 'drydock.policy.yaml'), 'utf8');
  writeFileSync(policy, text.replace('timeout_minutes: 10', 'timeout_minutes: 10, rework_rounds: 0'));
  const spec = join(repository, '.agent-tasks/DEMO-ROUNDING-001.md');
  const where = ['--repo', `drydock/demo=${repository}`, '--data', join(world.folder, `${name}-data`)];
  return cliAsync(world, 'run', spec, ...where, '--policy', policy, '--replay', folder, '--yes', '--json');
}

describe('only the model’s words are recorded', () => {
  test('R17 without the recorded edit the tests fail, and nothing is published', async () => {
    const said = await replay('no-edit', 'build-1', ({ calls }) => {
      const edit = calls[1];
      if (!edit?.body.includes('"replace"')) throw new Error('the second call of the session is no edit any more');
      const turn = JSON.parse(edit.body.slice('data: '.length)) as { candidates: { content: { parts: unknown[] } }[] };
      const look = { functionCall: { name: 'read_file', args: { file_path: 'src/round.js' } } };
      for (const candidate of turn.candidates) candidate.content.parts = [look];
      edit.body = `data: ${JSON.stringify(turn)}\r\n\r\n`;
    });
    expect(said).toMatchObject({ code: 1, json: { status: 'failed', commit: null, error: { name: 'NeedsPerson' } } });
    expect(viewOf(said).error?.message).toMatch(/^VerifyFailed: [\s\S]*test \(`npm test`\) exited with 1/);
  });

  test('without one of its calls: ReplayDiverged', async () => {
    const said = await replay('no-call', 'plan-1', ({ calls }) => calls.pop());
    expect(said).toMatchObject({
      code: 1,
      json: { status: 'failed', commit: null, error: { name: 'ReplayDiverged' } },
    });
  });
});
