/** Campaigns as GitHub and the run's record show them: the same on one machine and on AWS. */
import { afterEach, describe, expect, test } from 'vitest';
import { isFinal } from '../../core/run/status.ts';
import { campaignSpec, diamond, held, part, partOf, sharing, writesItsFile, writesShared } from './campaign.ts';
import type { OpenWorld, PipelineWorld, SeenRun } from './pipeline-scenarios.ts';
import { callOf, type Script, type Scripted } from './scripted-runner.ts';

const specPath = '.agent-tasks/FIX-1.yaml';
const policy = { limits: { parallel_parts: 5, rework_rounds: 1 } };
const ended = ({ status }: SeenRun): boolean => isFinal(status as never);
const waitsIn =
  (state: string) =>
  (run: SeenRun): boolean =>
    run.status === 'waiting' && run.state === state;
const reviewing = waitsIn('ReviewGate');
const asking = waitsIn('AskHuman');
const resolving =
  (resolve: () => Scripted): Script =>
  (job) =>
    partOf(job) === undefined && job.spec.phase === 'rework' ? resolve() : writesShared(job);

export function campaignScenarios(open: OpenWorld): void {
  let at: PipelineWorld | undefined;
  afterEach(async () => {
    await at?.close();
    at = undefined;
  });
  /** The spec comes by a merged pull request, whose conversation is where people are asked. */
  const begin = async (script: Script, parts: unknown, more: Record<string, unknown> = {}) => {
    const { policy: change, ...campaign } = more;
    at = await open({ script, policy: { ...policy, ...(change as object) } });
    const world = at;
    const pull = await world.github.mergePull(
      { [specPath]: world.spec(campaignSpec(parts, campaign)) },
      { by: 'dev-gh' },
    );
    return { world, pull, say: (text: string) => world.github.comment(pull, 'lead-gh', text) };
  };
  const approve = async (world: PipelineWorld): Promise<SeenRun> => {
    const run = await world.until('FIX-1', reviewing);
    await world.github.review(Number(run.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: run.commit ?? '' });
    return world.until('FIX-1', ended);
  };
  const textAt = (world: PipelineWorld, run: SeenRun, path: string) => world.github.file(run.commit ?? '', path);

  describe('R35 a campaign', () => {
    test('a diamond of parts ends in one branch and one pull request, and every cost is counted once', async () => {
      const { world } = await begin(
        (job) => ({
          ...writesItsFile(job),
          ...(job.spec.phase === 'build' ? { calls: [callOf(job.spec.phaseKey, 1_001)] } : {}),
        }),
        diamond,
      );
      const run = await approve(world);
      expect(run.status).toBe('delivered');
      expect(run.spentMicros ?? Math.round((run.cost?.usd ?? 0) * 1e6)).toBe(4_004);
      expect(await textAt(world, run, 'parts/d.txt')).toBe('d after parts/a.txt parts/b.txt parts/c.txt\n');
      expect(await world.github.branches('agent/')).toEqual([run.branch]);
      const events = await world.events(run.runId);
      expect(events.filter((event) => event.startsWith('parts-merged'))).toEqual(['parts-merged: a, b, c, d']);
    });

    test('a part that asks is answered in the conversation while the others go on', async () => {
      let asked = false;
      const { world, say } = await begin(
        (job) => {
          if (partOf(job) !== 'b' || job.spec.phase !== 'build' || asked) return writesItsFile(job);
          asked = true;
          return {
            files: {},
            result: { outcome: 'question', question: { question: 'Which one?', context: '', options: [] } },
          };
        },
        [part('a'), part('b')],
      );
      await world.until('FIX-1/a', ended);
      await world.until('FIX-1/b', asking);
      await say('/drydock answer That one.');
      expect((await approve(world)).status).toBe('delivered');
    });

    test('a part that fails is asked about, and is done again', async () => {
      let left = 1;
      const { world, say } = await begin(
        (job) =>
          partOf(job) === 'b' && job.spec.phase === 'build' && left-- > 0
            ? { failure: { name: 'LimitExceeded', message: 'out of memory' } }
            : writesItsFile(job),
        [part('a'), part('b')],
      );
      await world.until('FIX-1', asking);
      await say('/drydock answer Do the part again');
      const run = await approve(world);
      expect(run.status).toBe('delivered');
      expect(await textAt(world, run, 'parts/b.txt')).toBe('b after nothing\n');
    });

    test('a part that fails is left out', async () => {
      const { world, say } = await begin(
        (job) =>
          partOf(job) === 'b' && job.spec.phase === 'build'
            ? { failure: { name: 'LimitExceeded', message: 'out of memory' } }
            : writesItsFile(job),
        [part('a'), part('b')],
      );
      await world.until('FIX-1', asking);
      await say('/drydock answer Go on without it');
      const run = await approve(world);
      expect(run.status).toBe('delivered');
      await expect(textAt(world, run, 'parts/b.txt')).rejects.toThrow('Not Found');
    });

    test('R52 a part that a reviewer blocks is corrected before it is merged, and the whole is reviewed too', async () => {
      const profile = () => ({ kind: 'command', command: ['node', '/agent/agent.mjs'] });
      let blocks = 1;
      const reviewed: string[] = [];
      const { world } = await begin(
        (job) => {
          if (job.spec.phase !== 'review') return writesItsFile(job);
          reviewed.push(partOf(job) ?? 'campaign');
          const blocking = partOf(job) === 'b' && blocks-- > 0;
          const findings = blocking ? [{ severity: 'blocking', path: 'parts/b.txt', line: 1, message: 'No.' }] : [];
          return { result: { outcome: 'answered', answer: JSON.stringify({ summary: 'Read.', findings }) } };
        },
        [part('a'), part('b')],
        {
          policy: {
            agents: { default: 'codemod', profiles: { codemod: profile(), strict: profile() } },
            review: { approvers: ['lead', 'second'], plan: 'optional', reviewers: ['strict'] },
          },
        },
      );
      expect((await approve(world)).status).toBe('delivered');
      expect(reviewed.toSorted()).toEqual(['a', 'b', 'b', 'campaign']);
      const b = await world.until('FIX-1/b', ended);
      expect((await world.events(b.runId)).filter((event) => event.startsWith('phase-ended'))).toEqual(
        [
          'plan: planned',
          'build: built',
          'verify: passed',
          'review: failed',
          'rework: built',
          'verify: passed',
          'review: passed',
        ].map((end) => `phase-ended: ${end}`),
      );
    });

    test('a conflict is resolved by the coordinator', async () => {
      const { world } = await begin(
        resolving(() => ({ onTop: true, files: { 'shared.txt': 'by b\nby c\n' } })),
        sharing,
      );
      const run = await approve(world);
      expect(run.status).toBe('delivered');
      expect(await textAt(world, run, 'shared.txt')).toBe('by b\nby c\n');
    });

    test.each([
      ['Take the version of "c"', 'by c\n'],
      ['Do "c" again on top of the merged parts (a, b)', 'by b\nby c\n'],
    ])('a conflict that it leaves is settled by a person: %s', async (label, shared) => {
      const { world, say } = await begin(
        resolving(() => ({ onTop: true, files: {} })),
        sharing,
      );
      await world.until('FIX-1', asking);
      await say(`/drydock answer ${label}`);
      const run = await approve(world);
      expect(run.status).toBe('delivered');
      expect(await textAt(world, run, 'shared.txt')).toBe(shared);
    });

    test('cancelled, it stops its parts', async () => {
      const gate = held();
      const { world, say } = await begin(
        async (job) => {
          if (partOf(job) !== undefined && job.spec.phase === 'build') await gate.until;
          return writesItsFile(job);
        },
        [part('a'), part('b')],
      );
      for (const id of ['a', 'b']) await world.until(`FIX-1/${id}`, ({ state }) => state === 'Build');
      await say('/drydock cancel');
      gate.letGo();
      for (const task of ['FIX-1', 'FIX-1/a', 'FIX-1/b'])
        expect((await world.until(task, ended)).status, task).toBe('cancelled');
    });

    test('superseded by a new version of its spec, it stops its parts', async () => {
      const gate = held();
      const { world } = await begin(
        async (job) => {
          if (partOf(job) === 'a' && job.spec.phase === 'build') await gate.until;
          return writesItsFile(job);
        },
        [part('a'), part('b')],
      );
      const old = await world.until('FIX-1/a', ({ state }) => state === 'Build');
      const first = await world.until('FIX-1', () => true);
      await world.github.push({ [specPath]: world.spec(campaignSpec([part('x'), part('y')])) }, { by: 'dev-gh' });
      await world.until('FIX-1', ({ runId }) => runId !== first.runId);
      gate.letGo();
      await world.until('FIX-1/a', ({ runId, status }) => runId === old.runId && status === 'superseded');
      const run = await approve(world);
      expect(run.status).toBe('delivered');
      expect(await textAt(world, run, 'parts/x.txt')).toBe('x after nothing\n');
      await expect(textAt(world, run, 'parts/b.txt')).rejects.toThrow('Not Found');
    });

    test('a part that used up its share fails, and the campaign never costs more than its cap', async () => {
      const { world, say } = await begin(
        (job) =>
          partOf(job) === 'b' && job.spec.phase === 'build'
            ? {
                failure: { name: 'BudgetExhausted', message: 'the share is used up' },
                calls: [callOf(job.spec.phaseKey, 10_000)],
              }
            : writesItsFile(job),
        [part('a'), part('b', { usd: 0.01 })],
      );
      await world.until('FIX-1', asking);
      await say('/drydock answer Go on without it');
      const run = await approve(world);
      expect(run.status).toBe('delivered');
      expect(run.spentMicros ?? Math.round((run.cost?.usd ?? 0) * 1e6)).toBe(10_000);
    });

    test('the target moved meanwhile: it is merged and verified again', async () => {
      let moved = false;
      const { world } = await begin(
        async (job) => {
          if (!moved && partOf(job) === undefined && job.spec.phase === 'verify') {
            moved = true;
            await world.github.push({ 'other.txt': 'meanwhile\n' }, { by: 'dev-gh' });
          }
          return writesItsFile(job);
        },
        [part('a'), part('b')],
      );
      const run = await approve(world);
      expect(run.status).toBe('delivered');
      expect(await textAt(world, run, 'other.txt')).toBe('meanwhile\n');
    });

    test('changes requested become one more commit, by the coordinator', async () => {
      const { world } = await begin(
        (job) =>
          partOf(job) === undefined && job.spec.phase === 'rework'
            ? { onTop: true, files: { 'parts/a.txt': 'better\n' } }
            : writesItsFile(job),
        [part('a'), part('b')],
      );
      const first = await world.until('FIX-1', reviewing);
      const request = { commit: first.commit ?? '', body: 'Better, please.' };
      await world.github.review(Number(first.pullRequest?.id), 'lead-gh', 'REQUEST_CHANGES', request);
      await world.until('FIX-1', (run) => reviewing(run) && run.commit !== first.commit);
      const run = await approve(world);
      expect(await world.github.parents(run.commit ?? '')).toEqual([first.commit]);
      expect(await textAt(world, run, 'parts/a.txt')).toBe('better\n');
      expect(await textAt(world, run, 'parts/b.txt')).toBe('b after nothing\n');
    });
  });
}
