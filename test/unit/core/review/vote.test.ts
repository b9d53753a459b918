import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrydockError } from '../../../../core/errors.ts';
import { voteForNumber } from '../../../../core/review/option.ts';
import { requiredReviewers } from '../../../../core/review/quorum.ts';
import { castVote } from '../../../../core/review/vote.ts';
import type { Gate, GateDecision, GateKind, GateOption, Vote } from '../../../../core/run/gate.ts';

const gateOf = (more: Partial<Gate> = {}): Gate => ({
  gateId: 'r-1.review.1',
  runId: 'r-1',
  taskId: 'T-1',
  kind: 'review',
  round: 1,
  head: 'head-1',
  title: 't',
  text: '',
  acceptable: false,
  approvers: ['a', 'b', 'c', 'd'],
  needsPerson: false,
  requester: 'dev',
  eligible: ['a', 'b', 'c', 'd'],
  required: 1,
  solo: false,
  revisionsLeft: 1,
  approvals: [],
  status: 'pending',
  token: '',
  delivered: false,
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-04T00:00:00.000Z',
  version: 1,
  ...more,
});
const voteOf = (more: Partial<Vote> = {}): Vote => ({
  person: 'a',
  choice: 'approve',
  text: 'x',
  head: 'head-1',
  at: '2026-01-02T00:00:00.000Z',
  late: false,
  ...more,
});

const refused: [name: string, error: string, gate: Partial<Gate>, vote: Partial<Vote>][] = [
  ['a vote on a decided gate', 'GateClosed', { status: 'decided' }, {}],
  ['a vote at the moment it expires', 'GateExpired', {}, { at: '2026-01-04T00:00:00.000Z' }],
  ['a vote after it expired', 'GateExpired', {}, { at: '2026-02-01T00:00:00.000Z' }],
  ['a vote at no time', 'GateExpired', {}, { at: 'soon' }],
  ['a vote on a gate without an end', 'GateExpired', { expiresAt: '' }, {}],
  ['the requester', 'VoteRefused', { approvers: ['a', 'dev'], eligible: ['a', 'dev'] }, { person: 'dev' }],
  ['the requester who rejects', 'VoteRefused', { approvers: ['dev'] }, { person: 'dev', choice: 'reject' }],
  [
    'the requester who accepts a question',
    'VoteRefused',
    { kind: 'question', acceptable: true, approvers: ['dev'], eligible: ['dev'] },
    { person: 'dev' },
  ],
  ['somebody else', 'VoteRefused', {}, { person: 'mallory' }],
  [
    'somebody who may answer and not approve',
    'VoteRefused',
    { kind: 'question', acceptable: true, eligible: ['a', 'e'] },
    { person: 'e' },
  ],
  ['somebody who may not answer', 'VoteRefused', { kind: 'question', eligible: ['b'] }, { choice: 'answer' }],
  ['a second approval', 'VoteRefused', { required: 3, approvals: ['a'] }, {}],
  ['a change of mind', 'VoteRefused', { required: 3, approvals: ['a'] }, { choice: 'reject' }],
  ['a vote for another head', 'VoteRefused', {}, { head: 'head-2' }],
  ['a rejection of another head', 'VoteRefused', {}, { head: 'head-2', choice: 'reject' }],
  ['an answer to a review', 'AnswerInvalid', {}, { choice: 'answer' }],
  ['an answer to a plan', 'AnswerInvalid', { kind: 'plan' }, { choice: 'answer' }],
  ['an empty answer', 'AnswerInvalid', { kind: 'question' }, { choice: 'answer', text: ' \n' }],
  ['an approval of a question', 'AnswerInvalid', { kind: 'question' }, {}],
  ['a revision of a question', 'AnswerInvalid', { kind: 'question' }, { choice: 'revise' }],
  ['a revision of a checkpoint', 'AnswerInvalid', { kind: 'checkpoint' }, { choice: 'revise' }],
  ['a revision that says nothing', 'AnswerInvalid', {}, { choice: 'revise', text: '' }],
  ['one alternative too many', 'AlternativesExhausted', { kind: 'plan', revisionsLeft: 0 }, { choice: 'revise' }],
  ['a person who opens the queue', 'VoteRefused', { kind: 'slot' }, {}],
  ['a person who decides CI', 'VoteRefused', { kind: 'ci' }, {}],
  ['a person who rejects CI', 'VoteRefused', { kind: 'ci' }, { choice: 'reject' }],
];

const decided: [
  name: string,
  outcome: GateDecision['outcome'] | undefined,
  gate: Partial<Gate>,
  vote: Partial<Vote>,
][] = [
  ['the only approval needed', 'approved', {}, {}],
  ['the first of two approvals', undefined, { required: 2 }, {}],
  ['the second of two approvals', 'approved', { required: 2, approvals: ['b'] }, {}],
  ['a rejection, at once', 'rejected', { required: 3 }, { choice: 'reject', text: '' }],
  ['a revision of a review', 'revise', { revisionsLeft: 0 }, { choice: 'revise' }],
  ['a revision of a plan', 'revise', { kind: 'plan' }, { choice: 'revise' }],
  ['an answer', 'answered', { kind: 'question' }, { choice: 'answer' }],
  [
    'an answer of the requester',
    'answered',
    { kind: 'question', eligible: ['dev'] },
    { person: 'dev', choice: 'answer' },
  ],
  [
    'the requester who gives up on a question',
    'rejected',
    { kind: 'question', eligible: ['dev'] },
    { person: 'dev', choice: 'reject' },
  ],
  ['a question accepted as it is', 'approved', { kind: 'question', acceptable: true }, {}],
  ['a checkpoint', 'approved', { kind: 'checkpoint' }, {}],
  ['the requester alone', 'approved', { solo: true, approvers: ['dev'] }, { person: 'dev' }],
];

describe('a vote (R24)', () => {
  it.each(refused)('is refused from %s: %s', (_, name, gate, vote) => {
    expect(() => castVote(gateOf(gate), voteOf(vote))).toThrow(expect.objectContaining({ name }));
  });

  it.each(decided)('of %s gives %s', (_, outcome, gate, vote) => {
    expect(castVote(gateOf(gate), voteOf(vote))?.outcome).toBe(outcome);
  });

  it('names everybody who approved', () => {
    expect(castVote(gateOf({ required: 2, approvals: ['b'] }), voteOf({ text: 'fine' }))).toEqual({
      outcome: 'approved',
      by: ['b', 'a'],
      text: 'fine',
      at: '2026-01-02T00:00:00.000Z',
    });
  });
});

/** Votes one after the other, as the store counts them. */
function play(start: Gate, votes: Vote[]): { decision: GateDecision | undefined; counted: string[] } {
  let gate = start;
  const counted: string[] = [];
  for (const vote of votes) {
    try {
      const decision = castVote(gate, vote);
      counted.push(vote.person);
      const approvals = vote.choice === 'approve' ? [...gate.approvals, vote.person] : gate.approvals;
      gate = { ...gate, approvals, ...(decision ? { status: 'decided' as const, decision } : {}) };
    } catch (error) {
      if (!(error instanceof DrydockError)) throw error;
    }
  }
  return { decision: gate.decision, counted };
}

describe('votes together (R24)', () => {
  const person = fc.constantFrom('a', 'b', 'c', 'd', 'dev', 'mallory');

  it('approve by quorum whatever their order, and count nobody twice and nobody who may not', () => {
    const ballots = fc.array(fc.record({ person, head: fc.constantFrom('head-1', 'head-1', 'head-2') }), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(
        ballots.chain((cast) => fc.tuple(fc.constant(cast), fc.shuffledSubarray(cast, { minLength: cast.length }))),
        fc.integer({ min: 1, max: 4 }),
        ([cast, shuffled], required) => {
          const of = (list: typeof cast) =>
            play(
              gateOf({ required }),
              list.map((ballot) => voteOf(ballot)),
            );
          const valid = new Set(
            cast.filter((b) => b.head === 'head-1' && 'abcd'.includes(b.person)).map((b) => b.person),
          );
          for (const played of [of(cast), of(shuffled)]) {
            expect(played.decision?.outcome).toBe(valid.size >= required ? 'approved' : undefined);
            expect(played.counted).toHaveLength(Math.min(required, valid.size));
            expect(new Set(played.counted).size).toBe(played.counted.length);
          }
        },
      ),
    );
  });

  it('never approve with fewer than the quorum, whatever else is cast', () => {
    const ballot = fc.record({
      person,
      choice: fc.constantFrom<Vote['choice'][]>('approve', 'reject', 'revise', 'answer'),
    });
    const kind = fc.constantFrom<GateKind[]>('plan', 'review', 'checkpoint', 'question', 'slot', 'ci');
    fc.assert(
      fc.property(fc.array(ballot, { maxLength: 12 }), kind, fc.integer({ min: 1, max: 4 }), (cast, of, required) => {
        const { decision } = play(
          gateOf({ kind: of, required, acceptable: true }),
          cast.map((b) => voteOf(b)),
        );
        if (decision?.outcome === 'approved') {
          expect(new Set(decision.by).size).toBeGreaterThanOrEqual(required);
          expect(decision.by.every((one) => 'abcd'.includes(one))).toBe(true);
        }
        if (of === 'slot' || of === 'ci') expect(decision).toBeUndefined();
      }),
    );
  });
});

describe('the quorum (R24)', () => {
  const of = (criticalPaths: Record<string, number>, paths: string[]) =>
    requiredReviewers({ requiredReviewers: 1, criticalPaths }, paths);

  it('rises where a change touches a critical path, and never falls', () => {
    expect(of({ 'src/auth/**': 2, '**/*.sql': 3 }, ['src/a.ts'])).toBe(1);
    expect(of({ 'src/auth/**': 2, '**/*.sql': 3 }, ['src/a.ts', 'src/auth/x/.env'])).toBe(2);
    expect(of({ 'src/auth/**': 2, '**/*.sql': 3 }, ['src/auth/a.sql'])).toBe(3);
    expect(requiredReviewers({ requiredReviewers: 4, criticalPaths: { '**': 2 } }, ['a'])).toBe(4);
    expect(of({}, [])).toBe(1);
  });

  it('takes a folder for all below it, brackets as they are, and any case', () => {
    expect([
      of({ 'src/auth': 2 }, ['src/auth/a.ts']),
      of({ 'app/[id]': 2 }, ['app/[id]/a.ts']),
      of({ 'src/auth/**': 2 }, ['SRC/Auth/a']),
    ]).toEqual([2, 2, 2]);
  });
});

describe('an answer that is a number, where options are shown with numbers', () => {
  const question = { question: 'How many?', context: '', options: ['Three', '5', 'Give up'] };
  const escalation: GateOption[] = [
    { label: 'Give a hint', does: 'answer', text: 'required' },
    { label: 'Give up', does: 'reject' },
  ];
  it.each([
    ['1', { choice: 'answer', text: 'Three' }],
    ['#1', { choice: 'answer', text: 'Three' }],
    ['1.', { choice: 'answer', text: 'Three' }],
    ['3)', { choice: 'answer', text: 'Give up' }],
    ['1: with words', { choice: 'answer', text: 'with words' }],
    ['5', undefined],
    ['4', undefined],
    ['0', undefined],
    ['2 of them', undefined],
    ['three', undefined],
  ])('%j', (answer, vote) => {
    expect(voteForNumber({ kind: 'question', question }, answer)).toEqual(vote);
  });

  it('does what the option does, and needs the words that it requires', () => {
    const gate = { kind: 'question', options: escalation } as const;
    expect(voteForNumber(gate, '2')).toEqual({ choice: 'reject', text: 'Give up' });
    expect(voteForNumber(gate, '1: look at the zone')).toEqual({ choice: 'answer', text: 'look at the zone' });
    expect(() => voteForNumber(gate, '1')).toThrow('needs a text');
    expect(voteForNumber({ kind: 'plan' }, '1')).toBeUndefined();
  });
});

it('a vote on a decided gate is told where to look, by the name of its task', () => {
  const gate = gateOf({ status: 'decided', title: 'Approve the plan', taskId: 'FIX-1' });
  expect(() => castVote(gate, voteOf())).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('Approve the plan'),
      remedy: expect.stringContaining('`drydock show FIX-1`'),
    }),
  );
});
