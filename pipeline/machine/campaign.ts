import type { State } from '../../engine/asl/types.ts';
import { anythingElse, ask, type Builders, outcomeIs, stopped } from './builders.ts';

/** Several agents on one goal: the parts run as executions of this machine, and their changes are merged (R35). */
export const campaignStates = ({ step, waiting }: Builders): Record<string, State> => ({
  Dispatch: waiting(
    'dispatch',
    { round: '{% $dispatches %}' },
    {
      TimeoutSeconds: '{% $limits.partsSeconds %}',
      Catch: [...stopped, anythingElse],
      Next: 'DispatchOutcome',
    },
  ),
  DispatchOutcome: {
    Type: 'Choice',
    Choices: [
      { Condition: outcomeIs('parts-done'), Next: 'Integrate' },
      ask(outcomeIs('part-failed'), 'PartFailed', 'Dispatch'),
    ],
    Default: 'Dispatch',
    Assign: { dispatches: '{% $dispatches + 1 %}' },
  },
  Integrate: step('integrate', {}, { Catch: [...stopped, anythingElse], Next: 'IntegrateOutcome' }),
  IntegrateOutcome: {
    Type: 'Choice',
    Choices: [
      { Condition: outcomeIs('merged'), Assign: { after: 'Verify' }, Next: 'Verify' },
      {
        Condition: outcomeIs('more'),
        Assign: { after: 'Verify', dispatches: '{% $dispatches + 1 %}' },
        Next: 'Dispatch',
      },
      {
        Condition: outcomeIs('conflict', ' and $resolves < $limits.reworkRounds'),
        Assign: { resolves: '{% $resolves + 1 %}', round: '{% $round + 1 %}', phase: 'rework', after: 'Integrate' },
        Next: 'Build',
      },
    ],
    Default: 'AskHuman',
    Assign: { ask: 'PartsConflict', resume: 'Build', phase: 'rework', after: 'Integrate' },
  },
});
