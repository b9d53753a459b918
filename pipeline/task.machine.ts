import type { State, StateMachine } from '../engine/asl/types.ts';
import {
  anythingElse,
  ask,
  builders,
  delivered,
  endAs,
  outcomeIs,
  rejected,
  rejection,
  rework,
  roundsLeft,
  stopped,
} from './machine/builders.ts';
import { campaignStates } from './machine/campaign.ts';
import { reviewStates } from './machine/review.ts';
import { checkpointMissed, type StepName } from './payloads.ts';

/**
 * The state machine of a run, as data (law 1). Step Functions and the embedded engine run this same object; only the
 * names of the functions differ, which the caller supplies.
 *
 * Variables: `limits` and `dryRun` come from Validate; `round` counts builds, `planRound` plans, `reworks` the rework
 * rounds that the policy limits, `moves` the moves of the target branch, `waits` the waits for a concurrency slot;
 * `reviews` counts reviews by agents, `reviewer` is the one that reviews now, `blocked` whether one before it found what
 * has to be corrected. `ask` is the reason why a person is asked, `resume` the state after the answer, `outcome` the end
 * of the run. Of a campaign: `dispatches` counts the waits for parts, `resolves` the rounds that resolve conflicts of
 * parts, and `after` is the state after Build: Integrate while a conflict is resolved.
 */

/** After this number of moves of the target branch in one run, a person is asked. */
const maxMoves = 5;

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
  const build = builders(functionName, partition);
  const { step, waiting, phase, gate } = build;
  const states: Record<string, State> = {
    Validate: step(
      'validate',
      {},
      {
        Assign: {
          limits: '{% $states.result.Payload.limits %}',
          dryRun: '{% $states.result.Payload.dryRun %}',
          campaign: '{% $states.result.Payload.campaign %}',
          part: '{% $states.result.Payload.part %}',
          dispatches: 1,
          resolves: 0,
          after: 'Verify',
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
        { Condition: '{% $campaign %}', Next: 'Dispatch' },
      ],
      Default: 'Build',
    },
    PlanGate: gate('plan-gate', { round: '{% $planRound %}' }, 'PlanDecision'),
    PlanDecision: {
      Type: 'Choice',
      Choices: [
        { Condition: outcomeIs('approved', ' and $campaign'), Next: 'Dispatch' },
        { Condition: outcomeIs('approved'), Next: 'Build' },
        { Condition: outcomeIs('revise'), Assign: { planRound: '{% $planRound + 1 %}' }, Next: 'Plan' },
      ],
      Default: 'Settle',
      Assign: { outcome: rejection },
    },

    ...campaignStates(build),

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
        { Condition: `{% $after = 'Integrate' %}`, Next: 'Integrate' },
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
        { Condition: outcomeIs('passed', ' and $part'), Assign: { outcome: delivered }, Next: 'Settle' },
        { Condition: outcomeIs('passed'), Next: 'Publish' },
        rework(outcomeIs('failed', ` and $states.input.approval = false${roundsLeft}`)),
      ],
      Default: 'AskHuman',
      Assign: { ask: '{% $states.input.reason %}', resume: 'Build' },
    },
    ...reviewStates(build),
    AskHuman: gate(
      'ask-human',
      { round: '{% $round + $planRound + $dispatches - 1 %}', reason: '{% $ask %}' },
      'AskDecision',
    ),
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
          Condition: outcomeIs('approved', ` and $resume = 'Publish' and $part`),
          Assign: { outcome: delivered },
          Next: 'Settle',
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
        {
          Condition: `{% $states.input.outcome = 'dispatch' or $resume = 'Dispatch' %}`,
          Assign: { dispatches: '{% $dispatches + 1 %}', after: 'Verify' },
          Next: 'Dispatch',
        },
        {
          Condition: outcomeIs('integrate'),
          Assign: { dispatches: '{% $dispatches + 1 %}' },
          Next: 'Integrate',
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
