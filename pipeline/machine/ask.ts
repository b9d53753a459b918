import type { State } from '../../engine/asl/types.ts';
import { answerInvalid } from '../payloads.ts';
import { anythingElse, ask, type Builders, delivered, endAs, outcomeIs, stopped } from './builders.ts';

/** A run that asks an agent for one answer: questions go to a person, and the change that is made of the answer is published. */
export const askStates = ({ phase }: Builders): Record<string, State> => ({
  Ask: {
    ...phase('plan', { round: '{% $planRound %}' }, 'AskOutcome'),
    Catch: [
      ...stopped,
      endAs('rejected', ['DoItYourself', 'RequestRefused']),
      endAs('failed', ['States.Timeout'], 'PhaseTimedOut'),
      anythingElse,
    ],
  },
  AskOutcome: {
    Type: 'Choice',
    Choices: [
      ask(outcomeIs('question'), '', 'Ask'),
      // The answer is the result, and nothing is published.
      { Condition: outcomeIs('planned'), Assign: { outcome: delivered }, Next: 'Settle' },
      {
        Condition: `{% $states.input.reason = '${answerInvalid}' %}`,
        Assign: { planRound: '{% $planRound + 1 %}' },
        Next: 'Ask',
      },
    ],
    Default: 'Publish',
  },
});
