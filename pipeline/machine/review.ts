import type { State } from '../../engine/asl/types.ts';
import { answerInvalid, reviewBlocked, reviewFailed } from '../payloads.ts';
import { type Builders, delivered, rework, stopped } from './builders.ts';

/** One review after another by the agents of the task, and the way on once all have reviewed (R52). */
export const reviewStates = ({ phase }: Builders): Record<string, State> => ({
  // An agent that cannot review does not let the change pass: a person decides whether to go on without it.
  Review: {
    ...phase('build', { round: '{% $reviews %}', phase: 'review', reviewer: '{% $reviewer %}' }, 'ReviewOutcome'),
    Catch: [
      ...stopped,
      {
        ErrorEquals: ['States.ALL'],
        Assign: { ask: `{% '${reviewFailed}' & $reviewer & ':' & $states.errorOutput.Error %}`, resume: 'Review' },
        Next: 'AskHuman',
      },
    ],
  },
  ReviewOutcome: {
    Type: 'Choice',
    Choices: [
      {
        Condition: `{% $states.input.reason = '${answerInvalid}' %}`,
        Assign: { reviews: '{% $reviews + 1 %}' },
        Next: 'Review',
      },
      {
        Condition: '{% $reviewer + 1 < $limits.reviewers %}',
        Assign: {
          reviews: '{% $reviews + 1 %}',
          reviewer: '{% $reviewer + 1 %}',
          blocked: `{% $blocked or $states.input.reason = '${reviewBlocked}' %}`,
        },
        Next: 'Review',
      },
      {
        Condition: `{% $part and $not($blocked or $states.input.reason = '${reviewBlocked}') %}`,
        Assign: { outcome: delivered },
        Next: 'Settle',
      },
      { Condition: `{% $not($blocked or $states.input.reason = '${reviewBlocked}') %}`, Next: 'Publish' },
      rework(`{% $reworks < $limits.reworkRounds %}`),
    ],
    Default: 'AskHuman',
    Assign: { ask: reviewBlocked, resume: 'Publish' },
  },
});
