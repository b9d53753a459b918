/** The pipeline from a push to its end, told by what GitHub and the run's record show: the same on one machine and on AWS. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isFinal } from '../../core/run/status.ts';
import type { GitHubKit } from './github/kit.ts';
import { callOf, goodFiles, type Script } from './scripted-runner.ts';

/** What the scenarios see of a run, wherever it runs. */
export interface SeenRun {
  runId: string;
  status: string;
  state: string;
  commit?: string | null | undefined;
  branch: string;
  pullRequest?: { id: string } | null | undefined;
  error?: { name: string; message: string } | null | undefined;
  gate?: string | null | undefined;
  spentMicros?: number;
  cost?: { usd: number };
}

export interface PipelineWorld {
  github: GitHubKit;
  spec(change?: Record<string, unknown>): string;
  /** The run of a task, once it is as asked; fails when it ends badly without that having been asked for. */
  until(task: string, is: (run: SeenRun) => boolean): Promise<SeenRun>;
  /** `type: text` of each event, oldest first. */
  events(runId: string): Promise<string[]>;
  runs(): Promise<unknown[]>;
  /** What happens every few minutes: the sweep, the reconciler. */
  tick(): Promise<unknown>;
  close(): Promise<void>;
}

export type OpenWorld = (options: { script?: Script; policy?: Record<string, unknown> }) => Promise<PipelineWorld>;

const specPath = '.agent-tasks/FIX-1.yaml';
const hour = 3_600_000;
const realNow = Date.now;
const waitsIn =
  (state: string) =>
  (run: SeenRun): boolean =>
    run.status === 'waiting' && run.state === state;
const reviewing = waitsIn('ReviewGate');
const ended = ({ status }: SeenRun): boolean => isFinal(status as never);
const numberOf = (run: SeenRun): number => Number(run.pullRequest?.id);

export function pipelineScenarios(open: OpenWorld): void {
  let at: PipelineWorld | undefined;
  let later = 0;
  beforeEach(() => {
    later = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + later);
  });
  afterEach(async () => {
    await at?.close();
    at = undefined;
    vi.restoreAllMocks();
  });
  const start = async (options: Parameters<OpenWorld>[0] = {}): Promise<PipelineWorld> => {
    at = await open(options);
    return at;
  };
  const push = ({ github, spec }: PipelineWorld, change = {}): Promise<string> =>
    github.push({ [specPath]: spec(change) }, { by: 'dev-gh' });
  const approve = async ({ github, until }: PipelineWorld, as = 'lead-gh'): Promise<SeenRun> => {
    const run = await until('FIX-1', reviewing);
    await github.review(numberOf(run), as, 'APPROVE', { commit: run.commit ?? '' });
    return run;
  };
  /** The spec comes by a merged pull request, whose conversation is where people are asked. */
  const bring = (world: PipelineWorld, change = {}): Promise<number> =>
    world.github.mergePull({ [specPath]: world.spec(change) }, { by: 'dev-gh' });

  describe('a run ends well', () => {
    test('R1 R24 push → draft → approved → ready, with what was built and nothing left behind', async () => {
      const world = await start();
      await push(world);
      await approve(world);
      const run = await world.until('FIX-1', ended);
      expect(run.status).toBe('delivered');
      expect(await world.github.pull(numberOf(run))).toMatchObject({ draft: false, state: 'open' });
      expect(await world.github.file(run.commit ?? '', 'src/math.js')).toBe(goodFiles['src/math.js']);
      expect(await world.github.branches('agent/')).toEqual([run.branch]);
    });

    test('R11 the same push again, and again: one run', async () => {
      const world = await start();
      await push(world);
      await world.until('FIX-1', reviewing);
      const [first] = world.github.delivered('push').slice(-1);
      for (let again = 0; again < 3; again++) if (first) await world.github.send(first);
      await approve(world);
      await world.until('FIX-1', ended);
      expect(await world.runs()).toHaveLength(1);
    });

    test('R24 changes requested become one more commit on the same branch', async () => {
      const world = await start({
        script: ({ spec }) =>
          spec.phase === 'rework' ? { files: { 'src/math.js': `${goodFiles['src/math.js']}// why\n` } } : undefined,
      });
      await push(world);
      const first = await world.until('FIX-1', reviewing);
      const request = { commit: first.commit ?? '', body: 'Say why.' };
      await world.github.review(numberOf(first), 'lead-gh', 'REQUEST_CHANGES', request);
      const second = await world.until('FIX-1', (run) => reviewing(run) && run.commit !== first.commit);
      expect(await world.github.parents(second.commit ?? '')).toEqual([first.commit]);
      await approve(world);
      expect((await world.until('FIX-1', ended)).status).toBe('delivered');
    });

    test('R25 a red check goes back to the agent, a green one on to the people', async () => {
      const world = await start({
        script: ({ spec }) =>
          spec.phase === 'rework' ? { files: { 'src/math.js': `${goodFiles['src/math.js']};\n` } } : undefined,
      });
      await push(world, { review: { require_human_approval: true, required_reviewers: 1, ci_gates: ['build'] } });
      const awaiting = (run: SeenRun): boolean => run.state === 'AwaitCi' && Boolean(run.commit);
      const first = await world.until('FIX-1', awaiting);
      await world.github.reportCheck(first.commit ?? '', 'build', 'failure', 'missing semicolon');
      const second = await world.until('FIX-1', (run) => awaiting(run) && run.commit !== first.commit);
      await world.github.reportCheck(second.commit ?? '', 'build', 'success');
      await approve(world);
      expect((await world.until('FIX-1', ended)).status).toBe('delivered');
    });

    test('R52 another agent reviews: what it blocks goes back, the rest is shown in the pull request', async () => {
      const command = ['node', '/agent/agent.mjs'];
      const found = (severity: string, message: string) =>
        JSON.stringify({ findings: [{ severity, path: 'src/math.js', line: 1, message }] });
      let reviews = 0;
      const world = await start({
        policy: {
          agents: {
            default: 'codemod',
            profiles: { codemod: { kind: 'command', command }, strict: { kind: 'command', command: [...command] } },
          },
          review: { plan: 'optional', approvers: ['lead', 'second'], reviewers: ['strict'] },
        },
        script: ({ spec }) => {
          if (spec.phase === 'rework')
            return { files: { 'src/math.js': 'export const add = (a, b) => Number(a) + Number(b);\n' } };
          if (spec.phase !== 'review') return undefined;
          const first = reviews++ === 0;
          const answer = first ? found('blocking', 'Texts are joined.') : found('note', 'Now it adds.');
          return { result: { outcome: 'answered', answer } };
        },
      });
      await push(world);
      const run = await approve(world);
      expect(reviews).toBe(2);
      const { body } = await world.github.pull(numberOf(run));
      expect(body).toContain('<summary>What agents found in review</summary>');
      expect(body).toContain('Now it adds.');
      expect((await world.until('FIX-1', ended)).status).toBe('delivered');
    });

    test('R14 a red verification is fed back to the agent', async () => {
      let reds = 0;
      const red = { outcome: 'failed', error: { name: 'VerifyFailed', message: '1 of 4 failed' } } as const;
      const world = await start({
        script: ({ spec }) => (spec.phase === 'verify' && reds++ === 0 ? { result: red } : undefined),
      });
      await push(world);
      const run = await approve(world);
      expect((await world.until('FIX-1', ended)).status).toBe('delivered');
      const phases = (await world.events(run.runId)).filter((event) => event.startsWith('phase-ended'));
      expect(phases.map((event) => event.slice('phase-ended: '.length))).toEqual([
        'plan: planned',
        'build: built',
        'verify: failed',
        'rework: built',
        'verify: passed',
      ]);
    });
  });

  describe('people are asked', () => {
    test('R20 a plan waits for its approval, and a rejected one builds nothing', async () => {
      const world = await start({
        policy: { review: { approvers: ['lead', 'second'], plan: 'required' } },
      });
      const number = await bring(world);
      const run = await world.until('FIX-1', waitsIn('PlanGate'));
      await world.github.comment(number, 'lead-gh', '/drydock reject Not this sprint.');
      expect(await world.until('FIX-1', ended)).toMatchObject({
        status: 'rejected',
        error: { name: 'Rejected', message: 'lead: Not this sprint.' },
      });
      expect((await world.events(run.runId)).some((event) => event.includes('build'))).toBe(false);
      expect(await world.github.branches('agent/')).toEqual([]);
    });

    test('R24 a rejected result stays a draft', async () => {
      const world = await start();
      await push(world);
      const run = await world.until('FIX-1', reviewing);
      await world.github.comment(numberOf(run), 'lead-gh', '/drydock reject The wrong sign.');
      expect(await world.until('FIX-1', ended)).toMatchObject({ status: 'rejected', error: { name: 'Rejected' } });
      expect((await world.github.pull(numberOf(run))).draft).toBe(true);
    });

    test('R22 a question is asked, and its answer reaches the agent', async () => {
      const question = { question: 'Which sign?', context: '', options: [] };
      const world = await start({
        script: ({ spec }) =>
          spec.phase === 'build' && !spec.prompt.includes('plus')
            ? { result: { outcome: 'question', question }, files: {} }
            : undefined,
      });
      const number = await bring(world);
      await world.until('FIX-1', waitsIn('AskHuman'));
      await world.github.comment(number, 'dev-gh', '/drydock answer plus');
      await approve(world);
      expect((await world.until('FIX-1', ended)).status).toBe('delivered');
    });

    test('R21 a checkpoint waits, and its approval builds on what was there', async () => {
      const half = { outcome: 'checkpoint', checkpoint: { name: 'half', summary: 'half of it' } } as const;
      const world = await start({
        script({ spec, inputs }) {
          if (spec.phaseKey.includes('/build/1/')) return { result: half, files: { 'src/math.js': '// half\n' } };
          if (!spec.phaseKey.includes('/build/2/')) return undefined;
          return { files: inputs.has('changeset.json') ? goodFiles : { lost: '' } };
        },
      });
      const number = await bring(world);
      await world.until('FIX-1', waitsIn('CheckpointGate'));
      await world.github.comment(number, 'lead-gh', '/drydock approve');
      const run = await approve(world);
      expect(await world.github.file(run.commit ?? '', 'src/math.js')).toBe(goodFiles['src/math.js']);
      expect((await world.until('FIX-1', ended)).status).toBe('delivered');
    });

    test('R21 the checkpoints of a spec are pauses, also where the agent works on: once each, and nothing is built again', async () => {
      const builds: string[] = [];
      const world = await start({
        script({ spec }) {
          if (spec.phase !== 'build') return undefined;
          builds.push(spec.prompt);
          if (builds.length > 1) return undefined;
          const reached = { outcome: 'checkpoint', checkpoint: { name: 'Half of it', summary: '' } } as const;
          return { result: reached, files: { 'src/math.js': '// half\n' } };
        },
      });
      const number = await bring(world, { checkpoints: ['half of it', 'before the end'] });
      const reported = await world.until('FIX-1', waitsIn('CheckpointGate'));
      await world.github.comment(number, 'lead-gh', '/drydock approve');
      await world.until('FIX-1', (run) => waitsIn('CheckpointGate')(run) && run.gate !== reported.gate);
      await world.github.comment(number, 'lead-gh', '/drydock approve');
      await approve(world);
      expect((await world.until('FIX-1', ended)).status).toBe('delivered');
      const asked = (await world.events(reported.runId)).filter((event) => event.includes('Checkpoint: '));
      expect(asked).toEqual([
        expect.stringContaining('Checkpoint: Half of it'),
        expect.stringContaining('Checkpoint: before the end'),
      ]);
      expect(
        builds.map((prompt) => [prompt.includes('- half of it\n'), prompt.includes('- before the end\n')]),
      ).toEqual([
        [true, true],
        [false, true],
      ]);
    });

    test('R12 an approval after three days counts, and nothing was touched meanwhile', async () => {
      const world = await start({
        policy: { review: { approvers: ['lead', 'second'], plan: 'optional', expires_hours: 96 } },
      });
      await push(world);
      const { runId } = await world.until('FIX-1', reviewing);
      const before = await world.events(runId);
      for (let day = 1; day <= 3; day++) {
        later = day * 24 * hour;
        await world.tick();
      }
      expect(await world.events(runId)).toEqual(before);
      await approve(world);
      const run = await world.until('FIX-1', ended);
      expect(run.status).toBe('delivered');
      expect((await world.github.pull(numberOf(run))).draft).toBe(false);
    });
  });

  describe('a run ends early, by name', () => {
    test('R14 a red baseline costs no agent', async () => {
      const error = { name: 'BaselineRed', message: 'not ok 1 - zero' };
      const world = await start({
        script: ({ spec }) => (spec.phase === 'plan' ? { result: { outcome: 'failed', error } } : undefined),
      });
      await push(world);
      const run = await world.until('FIX-1', ended);
      expect(run).toMatchObject({ status: 'failed', error });
      expect((await world.events(run.runId)).some((event) => event.includes('build'))).toBe(false);
      expect(await world.github.branches('agent/')).toEqual([]);
    });

    test('R43 a run beyond the limit waits for its place, and gets it', async () => {
      const world = await start({ policy: { limits: { concurrent_runs: 1 } } });
      await push(world);
      await world.until('FIX-1', reviewing);
      const second = { '.agent-tasks/FIX-2.yaml': world.spec({ task_id: 'FIX-2' }) };
      await world.github.push(second, { by: 'dev-gh' });
      await world.until('FIX-2', ({ status }) => status === 'queued');
      await approve(world);
      await world.until('FIX-1', ended);
      await world.until('FIX-2', reviewing);
    });

    test('R29 what does not fit the sprint starts no sandbox; what was spent is charged', async () => {
      const sprint = { sprint_starts: new Date(Date.now()).toISOString().slice(0, 10), sprint_days: 14 };
      const world = await start({
        script: ({ spec }) => ({ calls: [callOf(spec.phaseKey, 250_000)] }),
        policy: { budgets: { web: { ...sprint, limit_usd: 3 } } },
      });
      await push(world, { team: 'web', budget: { max_usd: 2 } });
      await approve(world);
      expect((await world.until('FIX-1', ended)).status).toBe('delivered');
      // 0.75 of 3 dollars are spent: 2 fit, then 0.25 are left.
      const next = (task_id: string, max_usd: number) => ({
        [`.agent-tasks/${task_id}.yaml`]: world.spec({ task_id, team: 'web', budget: { max_usd } }),
      });
      await world.github.push(next('FIX-2', 2), { by: 'dev-gh' });
      await world.until('FIX-2', reviewing);
      await world.github.push(next('FIX-3', 1), { by: 'dev-gh' });
      const run = await world.until('FIX-3', ended);
      expect(run).toMatchObject({ status: 'over-budget', error: { name: 'BudgetExceeded' } });
      expect((await world.events(run.runId)).some((event) => event.startsWith('phase-'))).toBe(false);
    });

    test.each([
      ['once is started again', 1, 'delivered'],
      ['every time ends the run', Number.POSITIVE_INFINITY, 'failed'],
    ])('R12 a sandbox that dies %s', async (_, deaths, status) => {
      let died = 0;
      const failure = { name: 'SandboxLost', message: 'it died' };
      const world = await start({
        script: ({ spec }) => (spec.phase === 'build' && died++ < deaths ? { failure } : undefined),
      });
      await push(world);
      if (status === 'delivered') await approve(world);
      const run = await world.until('FIX-1', ended);
      expect(run.status).toBe(status);
      if (status === 'failed') expect(run.error).toMatchObject(failure);
      expect(died).toBe(status === 'failed' ? 3 : 2);
    });
  });
}
