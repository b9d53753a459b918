import type { CatchRule, ChoiceRule, State, StateMachine, TaskState } from '../engine/asl/types.ts';
import { checkpointMissed, type StepName } from './payloads.ts';
import { hostLimited, lostSandbox, noCapacity, throttled, transient } from './retries.ts';
import { reviewStates } from './review-states.ts';

/**
 * The state machine of a run, as data (law 1). Step Functions and the embedded engine run this same object; only the
 * names of the functions differ, which the caller supplies.
 *
 * Variables: `limits` and `dryRun` come from Validate; `round` counts builds, `planRound` plans, `reworks` the rework
 * rounds that the policy limits, `moves` the moves of the target branch, `waits` the waits for a concurrency slot;
 * `reviews` counts reviews by agents, `reviewer` is the one that reviews now, `blocked` whether one before it found what has to be corrected;
 * `ask` is the reason why a person is asked, `resume` the state after the answer, `outcome` the end of the run.
 */

/** A step that only reads and writes tables or calls a host: five minutes covers a slow host and its retries. */
const stepSeconds = 300;
/** After this number of moves of the target branch in one run, a person is asked. */
const maxMoves = 5;

const endAs = (status: string, names: string[], error?: string): CatchRule => ({
  ErrorEquals: names,
  Assign: {
    outcome: { status, error: error ?? '{% $states.errorOutput.Error %}', cause: '{% $states.errorOutput.Cause %}' },
  },
  Next: 'Settle',
});

/** Exits of every state after Claim: a person stopped the run, a newer spec replaced it, or any other error. */
const stopped: CatchRule[] = [endAs('cancelled', ['Cancelled']), endAs('superseded', ['Superseded'])];
const anythingElse: CatchRule = endAs('failed', ['States.ALL']);

export const refusedByValidate = [
  'SpecInvalid',
  'PolicyRefused',
  'QuorumImpossible',
  'UnknownCiGate',
  'UnknownRuntime',
  'UnknownAgent',
  'UnknownRepository',
  'UnknownPrice',
  'NotBuiltYet',
  'AdvisoriesUnreadable',
] as const;

/** @param partition Of the account: `aws`, `aws-us-gov`, `aws-cn`; a state of another partition fails without a catcher. */
export function taskMachine(functionName: (step: StepName) => string, partition = 'aws'): StateMachine {
  const step = (
    name: StepName,
    payload: Record<string, unknown>,
    rest: Partial<TaskState> & { Catch: CatchRule[] },
  ): TaskState => ({
    Type: 'Task',
    Resource: `arn:${partition}:states:::lambda:invoke`,
    Arguments: {
      FunctionName: functionName(name),
      Payload: { runId: '{% $states.context.Execution.Input.runId %}', ...payload },
    },
    TimeoutSeconds: stepSeconds,
    Retry: [throttled, transient, hostLimited],
    Output: '{% $states.result.Payload %}',
    ...rest,
  });

  /** A state that starts something and waits for its token. The answer to the token is the output of the state. */
  const waiting = (
    name: StepName,
    payload: Record<string, unknown>,
    rest: Partial<TaskState> & { TimeoutSeconds: string; Catch: CatchRule[] },
  ): TaskState => ({
    ...step(name, { ...payload, token: '{% $states.context.Task.Token %}' }, rest),
    Resource: `arn:${partition}:states:::lambda:invoke.waitForTaskToken`,
    Output: '{% $states.result %}',
  });

  const phase = (name: StepName, payload: Record<string, unknown>, next: string): TaskState =>
    waiting(name, payload, {
      TimeoutSeconds: '{% $limits.phaseSeconds %}',
      Retry: [throttled, transient, hostLimited, lostSandbox, noCapacity],
      Catch: [...stopped, endAs('failed', ['States.Timeout'], 'PhaseTimedOut'), anythingElse],
      Next: next,
    });

  const gate = (name: StepName, payload: Record<string, unknown>, next: string): TaskState =>
    waiting(name, payload, {
      TimeoutSeconds: '{% $limits.gateSeconds %}',
      Catch: [
        ...stopped,
        endAs('failed', ['NeedsPerson']),
        endAs('rejected', ['States.Timeout'], 'GateExpired'),
        anythingElse,
      ],
      Next: next,
    });

  const outcomeIs = (outcome: string, more = ''): string => `{% $states.input.outcome = '${outcome}'${more} %}`;
  const roundsLeft = ' and $reworks < $limits.reworkRounds';
  /** The next build corrects the last one; it counts against the policy's limit of rework rounds. */
  const rework = (condition: string): ChoiceRule => ({
    Condition: condition,
    Assign: { reworks: '{% $reworks + 1 %}', round: '{% $round + 1 %}', phase: 'rework' },
    Next: 'Build',
  });
  const ask = (condition: string, reason: string, resume: string): ChoiceRule => ({
    Condition: condition,
    Assign: { ask: reason, resume },
    Next: 'AskHuman',
  });
  const rejection = { status: 'rejected', error: 'Rejected', cause: '' };
  const rejected = (condition: string): ChoiceRule => ({
    Condition: condition,
    Assign: { outcome: rejection },
    Next: 'Settle',
  });

  const states: Record<string, State> = {
    Validate: step(
      'validate',
      {},
      {
        Assign: {
          limits: '{% $states.result.Payload.limits %}',
          dryRun: '{% $states.result.Payload.dryRun %}',
          round: 1,
          planRound: 1,
          reworks: 0,
          moves: 0,
          waits: 0,
          reviews: 0,
          reviewer: 0,
          blocked: false,
          phase: 'build',
          ask: '',
          resume: 'Build',
        },
        Catch: [endAs('rejected', [...refusedByValidate]), anythingElse],
        Next: 'Estimate',
      },
    ),
    Estimate: step(
      'estimate',
      {},
      { Catch: [endAs('rejected', ['UnknownPrice']), anythingElse], Next: 'EstimateOnly' },
    ),
    EstimateOnly: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $dryRun %}', Next: 'DryRun' }],
      Default: 'Claim',
    },
    DryRun: { Type: 'Succeed', Output: { status: 'dry-run' } },
    Claim: step(
      'claim',
      { startedAt: '{% $states.context.Execution.StartTime %}' },
      {
        Catch: [{ ErrorEquals: ['AlreadyClaimed'], Next: 'Duplicate' }, ...stopped, anythingElse],
        Next: 'Reserve',
      },
    ),
    Duplicate: { Type: 'Succeed', Output: { status: 'duplicate' } },
    Reserve: step(
      'reserve',
      {},
      {
        Catch: [endAs('over-budget', ['BudgetExceeded']), ...stopped, anythingElse],
        Next: 'Admitted',
      },
    ),
    Admitted: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.admitted %}', Next: 'Plan' }],
      Default: 'Queued',
      Assign: { waits: '{% $waits + 1 %}' },
    },
    Queued: gate('queue', { round: '{% $waits %}' }, 'Reserve'),

    Plan: phase('plan', { round: '{% $planRound %}' }, 'PlanOutcome'),
    PlanOutcome: {
      Type: 'Choice',
      Choices: [
        ask(outcomeIs('question'), '', 'Plan'),
        { Condition: '{% $states.input.approval %}', Next: 'PlanGate' },
      ],
      Default: 'Build',
    },
    PlanGate: gate('plan-gate', { round: '{% $planRound %}' }, 'PlanDecision'),
    PlanDecision: {
      Type: 'Choice',
      Choices: [
        { Condition: outcomeIs('approved'), Next: 'Build' },
        { Condition: outcomeIs('revise'), Assign: { planRound: '{% $planRound + 1 %}' }, Next: 'Plan' },
      ],
      Default: 'Settle',
      Assign: { outcome: rejection },
    },

    Build: phase('build', { round: '{% $round %}', phase: '{% $phase %}' }, 'BuildOutcome'),
    BuildOutcome: {
      Type: 'Choice',
      Choices: [
        ask(outcomeIs('question'), '', 'Build'),
        {
          Condition: outcomeIs('checkpoint'),
          // If the agent did not stop at the checkpoint, its build is already complete.
          Assign: { resume: `{% $states.input.reason = '${checkpointMissed}' ? 'Verify' : 'Build' %}` },
          Next: 'CheckpointGate',
        },
      ],
      Default: 'Verify',
    },
    CheckpointGate: gate('checkpoint-gate', { round: '{% $round %}' }, 'CheckpointDecision'),
    CheckpointDecision: {
      Type: 'Choice',
      Choices: [rejected(outcomeIs('rejected')), { Condition: `{% $resume = 'Verify' %}`, Next: 'Verify' }],
      Default: 'Build',
      Assign: { round: '{% $round + 1 %}' },
    },
    Verify: phase('verify', { round: '{% $round %}' }, 'VerifyOutcome'),
    VerifyOutcome: {
      Type: 'Choice',
      Choices: [
        {
          Condition: outcomeIs('passed', ' and $limits.reviewers > 0'),
          Assign: { reviews: '{% $reviews + 1 %}', reviewer: 0, blocked: false },
          Next: 'Review',
        },
        { Condition: outcomeIs('passed'), Next: 'Publish' },
        rework(outcomeIs('failed', ` and $states.input.approval = false${roundsLeft}`)),
      ],
      Default: 'AskHuman',
      Assign: { ask: '{% $states.input.reason %}', resume: 'Build' },
    },
    ...reviewStates({ phase, rework, stopped }),
    AskHuman: gate('ask-human', { round: '{% $round + $planRound %}', reason: '{% $ask %}' }, 'AskDecision'),
    AskDecision: {
      Type: 'Choice',
      Choices: [
        rejected(outcomeIs('rejected')),
        {
          Condition: outcomeIs('approved', ` and $resume = 'Review'`),
          Assign: { round: '{% $round + 1 %}' },
          Next: 'ReviewOutcome',
        },
        {
          Condition: outcomeIs('approved', ` and $resume = 'Publish'`),
          Assign: { round: '{% $round + 1 %}' },
          Next: 'Publish',
        },
        { Condition: outcomeIs('approved'), Assign: { round: '{% $round + 1 %}' }, Next: 'Verify' },
        {
          Condition: `{% $resume = 'Review' %}`,
          Assign: { round: '{% $round + 1 %}', reviews: '{% $reviews + 1 %}' },
          Next: 'Review',
        },
        { Condition: `{% $resume = 'Plan' %}`, Assign: { planRound: '{% $planRound + 1 %}' }, Next: 'Plan' },
      ],
      Default: 'Build',
      Assign: { round: '{% $round + 1 %}' },
    },

    Publish: step(
      'publish',
      { round: '{% $round %}' },
      {
        Catch: [...stopped, endAs('failed', ['GuardRefused', 'BranchTaken']), anythingElse],
        Next: 'PublishOutcome',
      },
    ),
    PublishOutcome: {
      Type: 'Choice',
      Choices: [
        { Condition: outcomeIs('published'), Next: 'AwaitCi' },
        {
          Condition: outcomeIs('moved', ` and $moves < ${maxMoves}`),
          Assign: { moves: '{% $moves + 1 %}', round: '{% $round + 1 %}' },
          Next: 'Verify',
        },
        rework(outcomeIs('conflict', roundsLeft)),
      ],
      Default: 'AskHuman',
      Assign: { ask: 'MergeConflict', resume: 'Build' },
    },
    AwaitCi: waiting(
      'await-ci',
      { round: '{% $round %}' },
      {
        TimeoutSeconds: '{% $limits.gateSeconds %}',
        Catch: [...stopped, endAs('failed', ['States.Timeout', 'CiGateMissing'], 'CiGateMissing'), anythingElse],
        Next: 'CiOutcome',
      },
    ),
    CiOutcome: {
      Type: 'Choice',
      Choices: [{ Condition: outcomeIs('green'), Next: 'ReviewGate' }, rework(outcomeIs('red', roundsLeft))],
      Default: 'AskHuman',
      Assign: { ask: 'CiRed', resume: 'Build' },
    },
    ReviewGate: gate('review-gate', { round: '{% $round %}' }, 'ReviewDecision'),
    ReviewDecision: {
      Type: 'Choice',
      Choices: [
        { Condition: outcomeIs('approved'), Next: 'Deliver' },
        rejected(outcomeIs('rejected')),
        rework(outcomeIs('revise', roundsLeft)),
      ],
      Default: 'AskHuman',
      Assign: { ask: 'ReworkExhausted', resume: 'Build' },
    },
    Deliver: step(
      'deliver',
      {},
      {
        Assign: { outcome: { status: 'delivered' } },
        Catch: [...stopped, anythingElse],
        Next: 'Settle',
      },
    ),
    Settle: step(
      'settle',
      { outcome: '{% $outcome %}' },
      {
        Catch: [
          {
            ErrorEquals: ['States.ALL'],
            Assign: { outcome: { status: 'failed', error: 'Internal', cause: '{% $states.errorOutput.Cause %}' } },
            Next: 'Ended',
          },
        ],
        Next: 'Ended',
      },
    ),
    Ended: {
      Type: 'Choice',
      Choices: [{ Condition: `{% $outcome.status = 'delivered' %}`, Next: 'Delivered' }],
      Default: 'NotDelivered',
    },
    Delivered: { Type: 'Succeed', Output: { status: 'delivered' } },
    NotDelivered: { Type: 'Fail', Error: '{% $outcome.error %}', Cause: '{% $outcome.cause %}' },
  };

  return {
    Comment: 'Drydock: a task from spec to draft pull request',
    QueryLanguage: 'JSONata',
    StartAt: 'Validate',
    States: states,
  };
}
