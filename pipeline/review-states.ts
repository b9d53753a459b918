import type { CatchRule, ChoiceRule, State, TaskState } from '../engine/asl/types.ts';
import { answerInvalid, reviewBlocked, reviewFailed, type StepName } from './payloads.ts';

/** What the states of a review take from the definition that they are a part of. */
interface Parts {
  phase(name: StepName, payload: Record<string, unknown>, next: string): TaskState;
  rework(condition: string): ChoiceRule;
  stopped: CatchRule[];
}

/** One review after another by the agents of the task, and the way on once all have reviewed (R52). */
export const reviewStates = ({ phase, rework, stopped }: Parts): Record<string, State> => ({
  // An agent that cannot review does not let the change pass: a person decides whether to go on without it.
  Review: {
    ...phase('review', { round: '{% $reviews %}', reviewer: '{% $reviewer %}' }, 'ReviewOutcome'),
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
      { Condition: `{% $not($blocked or $states.input.reason = '${reviewBlocked}') %}`, Next: 'Publish' },
      rework(`{% $reworks < $limits.reworkRounds %}`),
    ],
    Default: 'AskHuman',
    Assign: { ask: reviewBlocked, resume: 'Publish' },
  },
});
