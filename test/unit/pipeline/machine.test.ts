import { describe, expect, test } from 'vitest';
import { errorKinds } from '../../../core/errors.ts';
import type { TaskState } from '../../../engine/asl/types.ts';
import { Engine } from '../../../engine/engine.ts';
import { payloads, type StepName, stepNames } from '../../../pipeline/payloads.ts';
import { refusedByValidate, taskMachine } from '../../../pipeline/task.machine.ts';

const definition = taskMachine((step) => step);
const tasks = Object.entries(definition.States).filter(
  (entry): entry is [string, TaskState] => entry[1].Type === 'Task',
);
const stepOf = (state: TaskState): StepName => (state.Arguments as { FunctionName: StepName }).FunctionName;

/** A step, or what it does in a state that shares the function of another one. */
type Act = StepName | 'review' | 'ask';
const acts: Partial<Record<string, Act>> = { Review: 'review', Ask: 'ask' };
const actOf = (name: string, state: TaskState): Act => acts[name] ?? stepOf(state);

/** What each step answers on the straight way; a token's answer for those that wait. */
const straight: Record<Act, unknown> = {
  validate: {
    limits: { reworkRounds: 1, gateSeconds: 3600, phaseSeconds: 600, partsSeconds: 3600, reviewers: 0 },
    dryRun: false,
    campaign: false,
    part: false,
    kind: '',
  },
  estimate: { expectedMicros: 0 },
  claim: { base: 'b' },
  reserve: { admitted: true },
  queue: { outcome: 'admitted' },
  plan: { outcome: 'planned', approval: true, reason: '' },
  'plan-gate': { outcome: 'approved' },
  dispatch: { outcome: 'parts-done' },
  integrate: { outcome: 'merged' },
  build: { outcome: 'built', approval: false, reason: '' },
  'checkpoint-gate': { outcome: 'approved' },
  verify: { outcome: 'passed', approval: false, reason: '' },
  review: { outcome: 'passed', approval: false, reason: '' },
  ask: { outcome: 'passed', approval: false, reason: '' },
  'ask-human': { outcome: 'answered' },
  publish: { outcome: 'published', head: 'h' },
  'await-ci': { outcome: 'green' },
  'review-gate': { outcome: 'approved' },
  deliver: {},
  settle: { status: 'delivered' },
};
const campaign = { ...(straight.validate as object), campaign: true };
/** A task whose change agents review. */
function withReviewers(reviewers: number, part = false) {
  const { limits, ...more } = straight.validate as { limits: object };
  return { ...more, part, limits: { ...limits, reviewers } };
}
/** What takes the machine to the states that the straight way passes by. */
const detours: Partial<Record<string, Partial<Record<Act, unknown[]>>>> = {
  Dispatch: { validate: [campaign] },
  Integrate: { validate: [campaign] },
  Queued: { reserve: [{ admitted: false }] },
  AskHuman: { build: [{ outcome: 'question', approval: false, reason: '' }] },
  CheckpointGate: { build: [{ outcome: 'checkpoint', approval: false, reason: '' }] },
  Review: { validate: [withReviewers(1)] },
  Ask: { validate: [{ ...(straight.validate as object), kind: 'draft' }] },
};

interface Play {
  /** Answers by step, in order, or `fails` with an error; the straight answer afterwards. */
  answers?: Partial<Record<Act, unknown[]>>;
  /** Step that fails whenever it is called, and how. */
  fails?: { step: Act; error: string };
}

async function play({ answers = {}, fails }: Play) {
  const calls: { step: Act; payload: Record<string, unknown> }[] = [];
  const asks = (answers.validate?.[0] as { kind?: string } | undefined)?.kind === 'draft';
  const queues = new Map(Object.entries(answers).map(([step, list]) => [step, [...(list ?? [])]]));
  const engine = Engine.open({
    file: ':memory:',
    name: 'task',
    definition,
    random: () => 0,
    async invoke(functionName, payload) {
      const called = functionName as StepName;
      const { token, ...given } = payload as { token?: string } & Record<string, unknown>;
      payloads[called].input.parse(payload);
      const step = given.phase === 'review' ? 'review' : called === 'plan' && asks ? 'ask' : called;
      calls.push({ step, payload: given });
      const answer = queues.get(step)?.shift() ?? straight[step];
      const once =
        typeof answer === 'object' && answer !== null && 'fails' in answer ? String(answer.fails) : undefined;
      const error = once ?? (fails?.step === step ? fails.error : undefined);
      if (token === undefined) {
        if (error !== undefined) throw Object.assign(new Error('it failed'), { name: error });
        return answer;
      }
      setImmediate(
        () =>
          void (error === undefined
            ? engine.sendTaskSuccess(token, answer)
            : engine.sendTaskFailure(token, error, 'it failed')),
      );
      return {};
    },
  });
  await engine.start('r-1', { runId: `r-${'0'.repeat(40)}` });
  const ended = await engine.done('r-1');
  const states = engine.history('r-1').map((entry) => entry.state);
  await engine.close();
  return { ended, states, calls, settled: calls.findLast((call) => call.step === 'settle')?.payload.outcome };
}

describe('R39 the definition', () => {
  test('every step has a state and every state a step, a timeout, a retry and a catch', () => {
    expect([...new Set(tasks.map(([, state]) => stepOf(state)))].sort()).toEqual([...stepNames].sort());
    for (const [name, state] of tasks) {
      expect(state.TimeoutSeconds, name).toBeDefined();
      expect(state.Retry?.length, name).toBeGreaterThan(0);
      expect(state.Catch?.at(-1)?.ErrorEquals, name).toEqual(['States.ALL']);
    }
  });

  test('R25 the straight way is delivered in at most 30 transitions', async () => {
    const { ended, states } = await play({});
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { status: 'delivered' } });
    expect(states.length).toBeLessThanOrEqual(30);
  });

  test('catches only names that the code throws or the States Language defines', () => {
    const caught = tasks.flatMap(([, state]) =>
      [...(state.Catch ?? []), ...(state.Retry ?? [])].flatMap((rule) => rule.ErrorEquals),
    );
    const unknown = caught.filter(
      (name) => !Object.hasOwn(errorKinds, name) && !/^(States|Lambda|Runtime)\./.test(name),
    );
    expect(unknown).toEqual([]);
    expect(refusedByValidate.every((name) => Object.hasOwn(errorKinds, name))).toBe(true);
  });
});

/** Each catch of the definition with one of the errors that lead into it. */
const catches = tasks.flatMap(([name, state]) =>
  // What an agent could not review is asked about, and does not end the run: below.
  (state.Catch ?? []).flatMap((rule) =>
    rule.ErrorEquals.filter((error) => error !== 'States.Timeout' && rule.Next !== 'AskHuman').map((error) => ({
      name,
      step: actOf(name, state),
      error: error === 'States.ALL' ? 'SomethingElse' : error,
      next: rule.Next,
      status: (rule.Assign?.outcome as { status?: string } | undefined)?.status,
    })),
  ),
);

describe('R12 every catch is taken by the error it names', () => {
  test.each(catches)('$name catches $error and goes to $next as $status', async ({
    name,
    step,
    error,
    next,
    status,
  }) => {
    const { ended, states, settled } = await play({ answers: detours[name] ?? {}, fails: { step, error } });
    const at = states.lastIndexOf(name);
    expect(states[at + 1] ?? ended.status).toBe(next === 'Duplicate' ? 'Duplicate' : next);
    if (step === 'settle') return expect(ended).toMatchObject({ status: 'FAILED', error: 'Internal' });
    if (next === 'Duplicate') return expect(ended.output).toEqual({ status: 'duplicate' });
    const named = error === 'CiGateMissing' ? 'CiGateMissing' : error;
    expect(settled).toMatchObject({ status, error: named });
    expect(ended).toMatchObject({ status: 'FAILED', error: named });
  });
});

describe('the ways a run takes', () => {
  test('R14 R22 a question in Plan is asked and leads back to Plan', async () => {
    const { states, calls } = await play({ answers: { plan: [{ outcome: 'question', approval: false, reason: '' }] } });
    expect(states.filter((state) => state === 'Plan')).toHaveLength(2);
    expect(calls.filter((call) => call.step === 'plan').map((call) => call.payload.round)).toEqual([1, 2]);
  });

  test('R20 an alternative plan is asked for, and a plan that needs no approval goes straight to Build', async () => {
    const revised = await play({ answers: { 'plan-gate': [{ outcome: 'revise' }] } });
    expect(revised.states.filter((state) => state === 'PlanGate')).toHaveLength(2);
    const unasked = await play({ answers: { plan: [{ outcome: 'planned', approval: false, reason: '' }] } });
    expect(unasked.states).not.toContain('PlanGate');
  });

  test('R21 a checkpoint pauses and then builds on', async () => {
    const { calls } = await play({ answers: { build: [{ outcome: 'checkpoint', approval: false, reason: '' }] } });
    expect(calls.filter((call) => call.step === 'build').map((call) => call.payload.round)).toEqual([1, 2]);
  });

  test('R17 R26 a failed verification is reworked as often as the policy allows, then a person is asked', async () => {
    const failed = { outcome: 'failed', approval: false, reason: 'VerifyFailed' };
    const { states, calls } = await play({ answers: { verify: [failed, failed] } });
    expect(states.filter((state) => state === 'Build')).toHaveLength(3);
    expect(calls.filter((call) => call.step === 'build').map((call) => call.payload.phase)).toEqual([
      'build',
      'rework',
      'rework',
    ]);
    expect(calls.find((call) => call.step === 'ask-human')?.payload.reason).toBe('VerifyFailed');
  });

  test('R45 weaker tests that a person accepts are verified again without another build', async () => {
    const failed = { outcome: 'failed', approval: false, reason: 'TestsWeakened' };
    const { states } = await play({ answers: { verify: [failed, failed], 'ask-human': [{ outcome: 'approved' }] } });
    expect(states.slice(states.indexOf('AskHuman'), states.indexOf('AskHuman') + 3)).toEqual([
      'AskHuman',
      'AskDecision',
      'Verify',
    ]);
  });

  test('R42 a moved target is verified again; a conflict is reworked, then asked about', async () => {
    const moved = await play({ answers: { publish: [{ outcome: 'moved', head: 'h2' }] } });
    expect(moved.states.filter((state) => state === 'Verify')).toHaveLength(2);
    const conflict = { outcome: 'conflict', head: 'h2' };
    const conflicted = await play({ answers: { publish: [conflict, conflict] } });
    expect(conflicted.states.filter((state) => state === 'Build')).toHaveLength(3);
    expect(conflicted.states).toContain('AskHuman');
  });

  test('R26 changes requested in review are one more build on the same branch', async () => {
    const { states } = await play({ answers: { 'review-gate': [{ outcome: 'revise' }] } });
    expect(states.filter((state) => state === 'Publish')).toHaveLength(2);
  });

  test.each([
    'plan-gate',
    'checkpoint-gate',
    'ask-human',
    'review-gate',
  ] as const)('a rejection at %s ends the run as rejected', async (step) => {
    const state = tasks.find(([, task]) => stepOf(task) === step)?.[0] ?? '';
    const { settled } = await play({ answers: { ...detours[state], [step]: [{ outcome: 'rejected' }] } });
    expect(settled).toMatchObject({ status: 'rejected', error: 'Rejected' });
  });

  test('R5 a dry run ends after the estimate', async () => {
    const { ended, calls } = await play({
      answers: { validate: [{ ...(straight.validate as object), dryRun: true }] },
    });
    expect(ended.output).toEqual({ status: 'dry-run' });
    expect(calls.map((call) => call.step)).toEqual(['validate', 'estimate']);
  });
});

describe('R52 agents review a change', () => {
  const failed = (reason: string) => ({ outcome: 'failed', approval: false, reason });
  const blocking = failed('ReviewBlocked');
  const order = (calls: { step: Act; payload: Record<string, unknown> }[]) =>
    calls
      .filter(({ step }) => ['build', 'verify', 'review', 'ask-human', 'publish'].includes(step))
      .map(({ step, payload }) => (step === 'review' ? `review ${payload.round} by ${payload.reviewer}` : step));

  test('a run without reviewers takes the states that it took before', async () => {
    const { states } = await play({});
    expect(states.filter((state) => state.startsWith('Review'))).toEqual(['ReviewGate', 'ReviewDecision']);
  });

  test('each reviewer reviews once, after Verify and before Publish', async () => {
    const { ended, calls } = await play({ answers: { validate: [withReviewers(2)] } });
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    expect(order(calls)).toEqual(['build', 'verify', 'review 1 by 0', 'review 2 by 1', 'publish']);
  });

  test('a part of a campaign ends once all have reviewed it', async () => {
    const { ended, states } = await play({ answers: { validate: [withReviewers(1, true)] } });
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    expect(states.slice(states.indexOf('Review'))).toEqual(['Review', 'ReviewOutcome', 'Settle', 'Ended', 'Delivered']);
  });

  test('what blocks is reworked once all have reviewed, and everything is reviewed again', async () => {
    const { calls } = await play({ answers: { validate: [withReviewers(2)], review: [blocking] } });
    expect(order(calls)).toEqual([
      ...['build', 'verify', 'review 1 by 0', 'review 2 by 1'],
      ...['build', 'verify', 'review 3 by 0', 'review 4 by 1', 'publish'],
    ]);
    expect(calls.filter(({ step }) => step === 'build').map(({ payload }) => payload.phase)).toEqual([
      'build',
      'rework',
    ]);
  });

  test('an answer that is not taken is asked for again, from the same reviewer', async () => {
    const { calls } = await play({ answers: { validate: [withReviewers(1)], review: [failed('ResultInvalid')] } });
    expect(order(calls)).toEqual(['build', 'verify', 'review 1 by 0', 'review 2 by 0', 'publish']);
  });

  test('after the last rework round a person decides: as it is, a hint, or not at all', async () => {
    const blocked = { validate: [withReviewers(1)], review: [blocking, blocking] };
    const asIs = await play({ answers: { ...blocked, 'ask-human': [{ outcome: 'approved' }] } });
    expect(order(asIs.calls).slice(-2)).toEqual(['ask-human', 'publish']);
    expect(asIs.calls.find(({ step }) => step === 'ask-human')?.payload.reason).toBe('ReviewBlocked');
    const hint = await play({ answers: { ...blocked, 'ask-human': [{ outcome: 'answered' }] } });
    expect(order(hint.calls).slice(-5)).toEqual(['ask-human', 'build', 'verify', 'review 3 by 0', 'publish']);
    const never = await play({ answers: { ...blocked, 'ask-human': [{ outcome: 'rejected' }] } });
    expect(never.settled).toMatchObject({ status: 'rejected' });
  });

  test.each([
    'AgentFailed',
    'BudgetExhausted',
    'ResultInvalid',
    'PhaseTimedOut',
    'AgentUnavailable',
  ])('a reviewer that ends with %s lets nothing pass: a person is asked, by name', async (error) => {
    const fails = { step: 'review' as const, error };
    const { states, calls, settled } = await play({
      answers: { validate: [withReviewers(2)], 'ask-human': [{ outcome: 'rejected' }] },
      fails,
    });
    expect(states[states.lastIndexOf('Review') + 1]).toBe('AskHuman');
    expect(calls.find(({ step }) => step === 'ask-human')?.payload.reason).toBe(`ReviewFailed:0:${error}`);
    expect(settled).toMatchObject({ status: 'rejected' });
    const without = await play({
      answers: { validate: [withReviewers(2)], 'ask-human': [{ outcome: 'approved' }, { outcome: 'approved' }] },
      fails,
    });
    expect(order(without.calls)).toEqual([
      ...['build', 'verify', 'review 1 by 0', 'ask-human', 'review 2 by 1', 'ask-human', 'publish'],
    ]);
    const gates = without.calls.filter(({ step }) => step === 'ask-human').map(({ payload }) => payload.round);
    expect(new Set(gates).size).toBe(2);
    const again = await play({
      answers: { validate: [withReviewers(2)], 'ask-human': [{ outcome: 'answered' }, { outcome: 'rejected' }] },
      fails,
    });
    expect(order(again.calls).slice(2)).toEqual(['review 1 by 0', 'ask-human', 'review 2 by 0', 'ask-human']);
  });

  test('a reviewer that an approver goes on without does not hide what another one blocked', async () => {
    const { calls } = await play({
      answers: {
        validate: [withReviewers(2)],
        review: [blocking, { fails: 'AgentFailed' }],
        'ask-human': [{ outcome: 'approved' }],
      },
    });
    expect(order(calls)).toEqual([
      ...['build', 'verify', 'review 1 by 0', 'review 2 by 1', 'ask-human'],
      ...['build', 'verify', 'review 3 by 0', 'review 4 by 1', 'publish'],
    ]);
  });
});

describe('R9 a run that asks an agent for one answer', () => {
  const asking = { ...(straight.validate as object), kind: 'draft' };

  test('takes a slot and money as every run does, and publishes what was made of the answer', async () => {
    const { ended, calls } = await play({ answers: { validate: [asking] } });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { status: 'delivered' } });
    expect(calls.map(({ step }) => step)).toEqual([
      ...['validate', 'estimate', 'claim', 'reserve', 'ask', 'publish', 'deliver', 'settle'],
    ]);
  });

  test('asks a person, sends back an invalid answer, and publishes again where the target moved', async () => {
    const said = (outcome: string, reason = '') => ({ outcome, approval: false, reason });
    const { calls } = await play({
      answers: {
        validate: [asking],
        ask: [said('question'), said('failed', 'ResultInvalid')],
        publish: [{ outcome: 'moved', head: 'h2' }],
      },
    });
    expect(calls.slice(4).map(({ step }) => step)).toEqual([
      ...['ask', 'ask-human', 'ask', 'ask', 'publish', 'publish', 'deliver', 'settle'],
    ]);
    expect(calls.filter(({ step }) => step === 'ask').map(({ payload }) => payload.round)).toEqual([1, 2, 3]);
  });
});

test('each phase waits for capacity without using up the attempts of a lost sandbox, and not for ever', () => {
  const phases = ['Plan', 'Build', 'Verify', 'Review', 'Ask'].map((name) => definition.States[name] as TaskState);
  for (const { Retry = [] } of phases) {
    const [waits, ...more] = Retry.filter(({ ErrorEquals }) => ErrorEquals.includes('CapacityMissing'));
    expect([waits?.ErrorEquals, waits?.MaxAttempts, more]).toEqual([['CapacityMissing'], 40, []]);
    const lost = Retry.filter(({ ErrorEquals }) => ErrorEquals.includes('SandboxLost'));
    expect(lost).toMatchObject([{ ErrorEquals: ['SandboxLost', 'SandboxInterrupted'], MaxAttempts: 2 }]);
  }
});
