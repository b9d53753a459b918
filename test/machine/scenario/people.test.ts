import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import { type Script, scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, followRun, run, submit, type World } from '../../support/world.ts';

let world: World;
let server: ServerProcess | undefined;
let now = Date.now();
const hour = 3_600_000;

const open = async (script?: Script): Promise<ServerProcess> => {
  await server?.close();
  server = await world.open({ runner: scriptedRunner(script), now: () => now });
  await server.resume();
  return server;
};
/** A command in another terminal while nobody owns the data folder: it writes its decision and exits. */
const elsewhere = async <T>(use: (passive: ServerProcess) => Promise<T>): Promise<T> => {
  await server?.close();
  server = undefined;
  const passive = await world.open({ passive: true, now: () => now });
  try {
    return await use(passive);
  } finally {
    await passive.close();
  }
};

beforeEach(() => {
  now = Date.now();
  world = createWorld();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  world.remove();
});

describe('R22 R23 questions and checkpoints', () => {
  const asking: Script = ({ spec }) =>
    spec.phase === 'build' && !spec.prompt.includes('Use the plus sign.')
      ? {
          result: {
            outcome: 'question',
            question: { question: 'Which sign?', context: 'add', options: ['plus', 'minus'] },
            handoff: 'I looked at math.js.',
          },
          files: {},
        }
      : undefined;

  test('a question waits with nothing running, and is answered hours later from another terminal', async () => {
    const first = await open(asking);
    const { runId } = await submit(world, first);
    const planned = await followRun(first, runId, false);
    expect(planned).toMatchObject({ status: 'waiting', state: 'PlanGate' });
    await first.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
    const waiting = await followRun(first, runId, false);
    expect(waiting).toMatchObject({ status: 'waiting', state: 'AskHuman' });

    now += 40 * hour;
    const gate = await elsewhere((passive) =>
      passive.service.vote({ gate: 'FIX-1', who: 'dev@example.com', choice: 'answer', text: 'Use the plus sign.' }),
    );
    expect(gate).toMatchObject({ status: 'decided', delivered: false, question: { options: ['plus', 'minus'] } });

    let prompt = '';
    const second = await open((job) => {
      if (job.spec.phase === 'build') prompt = job.spec.prompt;
      return asking(job);
    });
    const done = await followRun(second, runId);
    expect(done.status).toBe('delivered');
    expect(prompt).toContain('Use the plus sign.');
    expect(prompt).toContain('I looked at math.js.');
  });

  test('with --yes a question ends the run as NeedsPerson', async () => {
    const done = await run(world, await open(asking));
    expect(done).toMatchObject({ status: 'failed', error: { name: 'NeedsPerson' } });
    expect(done.error?.message).toContain('Which sign?');
    expect(done.commit).toBeNull();
  });

  test('R21 a checkpoint waits, and after a restart its approval builds on what was there', async () => {
    const script: Script = ({ spec, inputs }) =>
      spec.phaseKey.includes('/build/1/')
        ? {
            result: { outcome: 'checkpoint', checkpoint: { name: 'half', summary: 'half of it' } },
            files: { 'src/math.js': '// half\n' },
          }
        : spec.phaseKey.includes('/build/2/')
          ? {
              files: { 'src/math.js': inputs.has('changeset.json') ? 'export const add = (a, b) => a + b;\n' : 'lost' },
            }
          : undefined;
    const first = await open(script);
    const { runId } = await submit(world, first);
    await followRun(first, runId, false);
    await first.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
    expect(await followRun(first, runId, false)).toMatchObject({ state: 'CheckpointGate', status: 'waiting' });
    await elsewhere((passive) => passive.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' }));
    const done = await followRun(await open(script), runId);
    expect(done.status).toBe('delivered');
    expect(world.git('show', `${done.branch}:src/math.js`)).toBe('export const add = (a, b) => a + b;');
  });
});

describe('R24 votes', () => {
  const atReview = async (spec: Record<string, unknown> = {}) => {
    const first = await open();
    const { runId } = await submit(world, first, { spec });
    await followRun(first, runId, false);
    await first.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
    const waiting = await followRun(first, runId, false);
    expect(waiting.state).toBe('ReviewGate');
    return { runId, gate: waiting.gate ?? '', service: first.service };
  };
  const refusal = { name: 'VoteRefused' };

  test('of the requester, of strangers, twice, and for another head are refused with the reason', async () => {
    const { gate, service } = await atReview({ review: { require_human_approval: true, required_reviewers: 2 } });
    await expect(service.vote({ gate, who: 'dev@example.com', choice: 'approve', text: '' })).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('requested this run'),
    });
    await expect(service.vote({ gate, who: 'eve@example.com', choice: 'approve', text: '' })).rejects.toMatchObject(
      refusal,
    );
    await expect(
      service.vote({ gate, who: 'lead', choice: 'approve', text: '', head: 'f'.repeat(40) }),
    ).rejects.toMatchObject(refusal);
    expect(await service.vote({ gate, who: 'lead', choice: 'approve', text: '' })).toMatchObject({
      status: 'pending',
      approvals: ['lead'],
    });
    await expect(service.vote({ gate, who: 'lead@example.com', choice: 'approve', text: '' })).rejects.toMatchObject(
      refusal,
    );
    expect(await service.vote({ gate, who: 'second', choice: 'approve', text: '' })).toMatchObject({
      status: 'decided',
    });
  });

  test('after a restart counts; late is kept and never counted', async () => {
    const { runId, gate } = await atReview();
    const second = await open();
    expect(await second.service.vote({ gate, who: 'lead', choice: 'approve', text: '' })).toMatchObject({
      decision: { outcome: 'approved' },
      delivered: true,
    });
    await expect(
      second.service.vote({ gate, who: 'second', choice: 'reject', text: 'too late' }),
    ).rejects.toMatchObject({ name: 'GateClosed' });
    expect((await followRun(second, runId)).status).toBe('delivered');
    await expect(
      second.service.vote({ gate: 'r-nothing', who: 'lead', choice: 'approve', text: '' }),
    ).rejects.toMatchObject({ name: 'GateNotFound' });
  });

  test('advisories that cannot be read end a run before it starts', async () => {
    world.policy({ guard: { advisories: `${world.folder}/no-such-folder` } });
    const view = await run(world, await open());
    expect(view).toMatchObject({ status: 'rejected', error: { name: 'AdvisoriesUnreadable' } });
    expect(await server?.service.activity(view.runId)).toEqual([]);
  });

  test('a gate may be open for a fraction of an hour', async () => {
    world.policy({ review: { approvers: ['lead'], plan: 'optional', expires_hours: 0.0001 } });
    const view = await run(world, await open());
    expect([view.status, view.error]).toEqual(['delivered', null]);
  });

  test('a gate nobody answered expires, and the run ends as rejected', async () => {
    const { runId } = await atReview();
    now += 73 * hour;
    const late = await open();
    const done = await followRun(late, runId, false);
    expect(done).toMatchObject({ status: 'rejected', error: { name: 'GateExpired' } });
  });

  test('changes requested in review become one more commit on the same branch, and votes on the old head are void', async () => {
    const { runId, gate, service } = await atReview({
      review: { require_human_approval: true, required_reviewers: 2 },
    });
    await service.vote({ gate, who: 'lead', choice: 'approve', text: '' });
    await service.vote({ gate, who: 'second', choice: 'revise', text: 'Say why in a comment.' });
    const again = await followRun(server as ServerProcess, runId, false);
    expect(again.state).toBe('ReviewGate');
    expect(again.gate).not.toBe(gate);
    expect((await service.gate(again.gate ?? '')).approvals).toEqual([]);
    const done = await followRun(server as ServerProcess, runId);
    expect(done.status).toBe('delivered');
    expect(world.git('rev-list', '--count', `main..${done.branch}`)).toBe('2');
  });

  test('two reviewers required and one listed: QuorumImpossible before anything starts', async () => {
    world.policy({ review: { approvers: ['lead'] } });
    const service = (await open()).service;
    await expect(
      submit(world, server as ServerProcess, {
        spec: { review: { require_human_approval: true, required_reviewers: 2 } },
      }),
    ).rejects.toMatchObject({ name: 'QuorumImpossible', exit: 2 });
    expect(await service.list()).toEqual([]);
  });

  test('R20 an alternative is bounded, a constraint and an edit reach the agent', async () => {
    world.policy({ limits: { plan_alternatives: 1 } });
    const prompts: string[] = [];
    const first = await open(({ spec }) => void prompts.push(`${spec.phase}: ${spec.prompt}`));
    const { runId } = await submit(world, first);
    const planned = await followRun(first, runId, false);
    await first.service.vote({ gate: planned.gate ?? '', who: 'lead', choice: 'revise', text: 'Smaller steps.' });
    const again = await followRun(first, runId, false);
    expect(again.gate).not.toBe(planned.gate);
    expect((await first.service.gate(again.gate ?? '')).text).toContain('lead: Smaller steps.');
    await expect(
      first.service.vote({ gate: again.gate ?? '', who: 'lead', choice: 'revise', text: 'Smaller still.' }),
    ).rejects.toMatchObject({ name: 'AlternativesExhausted' });
    const edit =
      'summary: mine\nphases: [{name: Mend it, files: [src/math.js], steps: [swap the sign], tests: []}]\nrisks: []\n';
    await first.service.vote({
      gate: again.gate ?? '',
      who: 'lead',
      choice: 'approve',
      text: '',
      edit,
      constraint: 'Keep it to one line',
    });
    const done = await followRun(first, runId);
    expect(done.status).toBe('delivered');
    const build = prompts.find((prompt) => prompt.startsWith('build')) ?? '';
    expect(build).toContain('Keep it to one line');
    expect(build).toContain('swap the sign');
    expect(world.git('log', '-1', '--format=%(trailers:key=Drydock-Plan-Phase,valueonly)', done.branch)).toContain(
      'Mend it',
    );
  });
});
