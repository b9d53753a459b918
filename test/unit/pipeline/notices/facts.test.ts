/** What each message says comes from the records of the run. */
import { describe, expect, test } from 'vitest';
import type { Notice } from '../../../../core/notification/notice.ts';
import type { Gate } from '../../../../core/run/gate.ts';
import type { RunRecord } from '../../../../core/run/record.ts';
import { announce } from '../../../../pipeline/notices/announce.ts';
import { remind } from '../../../../pipeline/notices/reminders.ts';
import { noticeWorld } from '../../../support/notice-world.ts';

const told = async (about: 'gate' | 'ended' | 'delivered', change: Parameters<typeof noticeWorld>[0] = {}) => {
  const world = await noticeWorld(change);
  const { runId, gateId } = world.gate;
  const tell = (): Promise<void> =>
    announce(world.deps, world.messages, about === 'gate' ? { about, runId, gateId } : { about, runId });
  await tell();
  await tell();
  return { ...world, notice: world.said[0] as Notice };
};

describe('R24 a gate', () => {
  test('is told once, to those whose vote counts, with the task, the cost, the page and what an approval starts', async () => {
    const { said, notice, gate } = await told('gate');
    expect(said).toHaveLength(1);
    expect(notice).toMatchObject({
      kind: 'plan',
      to: ['lead'],
      run: {
        title: 'Round to even',
        asked: 'Round halves to the even neighbour.',
        requester: 'dev',
        capMicros: 2_000_000,
      },
      gate: { may: ['lead'], expiresAt: gate.expiresAt },
      facts: { approving: 'Approving starts the build, which may cost up to $1.90 more.' },
      link: `https://drydock.example/gates/${gate.gateId}`,
    });
  });

  test('that was decided meanwhile is not told', async () => {
    expect((await told('gate', { gate: { status: 'decided' } })).said).toEqual([]);
  });

  test('has the options of a question with the suggested one (D13), and those of an escalation with what they need', async () => {
    const question = { question: 'Which?', context: 'Two ways.', options: ['this', 'that'], suggested: 'that' };
    const asked = await told('gate', {
      gate: { kind: 'question', title: 'Which?', text: 'Two ways.', question, eligible: ['lead', 'dev'] },
    });
    expect(asked.notice).toMatchObject({
      kind: 'question',
      to: ['lead', 'dev'],
      gate: {
        options: [
          { label: 'this', suggested: false },
          { label: 'that', suggested: true },
        ],
      },
      facts: { context: 'Two ways.' },
    });
    const options: Gate['options'] = [
      { label: 'Give the agent a hint', does: 'answer', text: 'required' },
      { label: 'Give up', does: 'reject' },
    ];
    const stuck = await told('gate', { gate: { kind: 'question', title: 'Stuck', question, options } });
    expect(stuck.notice).toMatchObject({ kind: 'stuck', gate: { options: [{ needs: 'text' }, { label: 'Give up' }] } });
  });

  test('says why a second vote is needed, and who has given one', async () => {
    const { notice } = await told('gate', {
      gate: { kind: 'review', required: 2, approvers: ['lead', 'second'], approvals: ['lead'] },
      policy: { review: { approvers: ['lead', 'second@example.com'], required_reviewers: 2 } },
    });
    expect(notice.gate).toMatchObject({
      may: ['second'],
      why: expect.stringMatching(/^2 approvals are needed, because/),
    });
  });
});

describe('the end of a run (D11)', () => {
  const ended = (run: Partial<RunRecord>, gate: Partial<Gate> = {}) =>
    told('ended', { run: { status: 'failed', state: 'Settle', ...run }, gate: { status: 'decided', ...gate } });
  const error = (name: string, message = 'the reason') => ({ name, message, remedy: 'Do this.' });

  test.each([
    ['a failure', { status: 'failed', error: error('VerifyFailed') }],
    ['a refusal of the guard', { status: 'failed', error: error('GuardRefused') }],
    ['too little money', { status: 'over-budget', error: error('BudgetExceeded') }],
    ['a base that fails', { status: 'failed', error: error('BaselineRed') }],
  ] as [
    string,
    Partial<RunRecord>,
  ][])('%s is told once to the requester, with the reason and the remedy', async (_, run) => {
    const { said } = await ended(run);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({
      kind: 'ended',
      to: ['dev'],
      facts: { end: { message: 'the reason', remedy: 'Do this.' } },
    });
  });

  test('a rejection says by whom and why; one by the requester is not told', async () => {
    const by = (person: string): Partial<Gate> => ({
      decision: { outcome: 'rejected', by: [person], text: 'too wide', at: '' },
    });
    const run: Partial<RunRecord> = { status: 'rejected', error: error('Rejected', 'lead: too wide') };
    expect((await ended(run, by('lead'))).notice.facts.end).toMatchObject({ by: ['lead'], message: 'too wide' });
    expect((await ended(run, by('dev'))).said).toEqual([]);
  });

  test('a cancellation is told if somebody else did it', async () => {
    const stop = (by: string): Partial<RunRecord> => ({
      status: 'cancelled',
      stop: { as: 'Cancelled', by, reason: 'not needed' },
    });
    expect((await ended(stop('lead'))).notice.facts.end).toMatchObject({ by: ['lead'], message: 'not needed' });
    expect((await ended(stop('dev'))).said).toEqual([]);
  });

  test('an expired gate is told to those who could have decided too', async () => {
    const { notice } = await ended(
      { status: 'rejected', error: error('GateExpired') },
      { decision: { outcome: 'expired', by: ['drydock'], text: '', at: '' } },
    );
    expect(notice.to).toEqual(['dev', 'lead']);
  });

  test.each([
    'superseded',
    'dry-run',
    'duplicate',
    'delivered',
  ] as const)('%s is not told as an end', async (status) => {
    expect((await ended({ status })).said).toEqual([]);
  });

  test('a run that has not ended yet is asked about again', async () => {
    await expect(told('ended')).rejects.toMatchObject({ name: 'Conflict', retry: 'transient' });
  });
});

test('R24 a delivery is told once, with who approved, the commit and the pull request, and no file: link (D15)', async () => {
  const { said, notice } = await told('delivered', {
    run: { commit: 'c'.repeat(40), pullRequest: { id: '1', url: 'file:///data/pulls/1.json', draft: false } },
    gate: {
      kind: 'review',
      status: 'decided',
      approvals: ['lead'],
      decision: { outcome: 'approved', by: ['lead'], text: '', at: '' },
    },
  });
  expect(said).toHaveLength(1);
  expect(notice).toMatchObject({ to: ['dev'], facts: { delivered: { approvers: ['lead'], commit: 'c'.repeat(40) } } });
  expect(JSON.stringify(notice)).not.toContain('file:');
});

describe('a reminder', () => {
  const hour = 3_600_000;
  test('comes once for each time of the policy, not with the first message, and not for a decided or expired gate', async () => {
    const world = await noticeWorld();
    const expires = Date.parse(world.gate.expiresAt);
    const at = async (ms: number): Promise<number> => {
      world.clock.at = ms;
      await remind(world.deps, world.messages, world.gate, [24, 2, 500]);
      await remind(world.deps, world.messages, world.gate, [24, 2, 500]);
      return world.said.length;
    };
    expect(await at(expires - 25 * hour)).toBe(0);
    expect(await at(expires - 23 * hour)).toBe(1);
    expect(await at(expires - 2 * hour)).toBe(2);
    expect(await at(expires)).toBe(2);
    expect(world.said.map(({ kind, to }) => [kind, to])).toEqual([
      ['expiring', ['lead']],
      ['expiring', ['lead']],
    ]);
  });

  test('of two that are due after a downtime, the last one is sent', async () => {
    const world = await noticeWorld();
    world.clock.at = Date.parse(world.gate.expiresAt) - hour;
    await remind(world.deps, world.messages, world.gate, [24, 2]);
    await remind(world.deps, world.messages, world.gate, [24, 2]);
    expect(world.said.map(({ key }) => key)).toEqual([`expiring#${world.gate.gateId}#2`]);
  });
});
