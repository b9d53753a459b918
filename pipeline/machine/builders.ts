import type { CatchRule, ChoiceRule, TaskState } from '../../engine/asl/types.ts';
import type { StepName } from '../payloads.ts';
import { hostLimited, lostSandbox, noCapacity, throttled, transient } from './retries.ts';

/** A step that only reads and writes tables or calls a host: five minutes covers a slow host and its retries. */
const stepSeconds = 300;
export const endAs = (status: string, names: string[], error?: string): CatchRule => ({
  ErrorEquals: names,
  Assign: {
    outcome: { status, error: error ?? '{% $states.errorOutput.Error %}', cause: '{% $states.errorOutput.Cause %}' },
  },
  Next: 'Settle',
});

/** Exits of every state after Claim: a person stopped the run, a newer spec replaced it, or any other error. */
export const stopped: CatchRule[] = [endAs('cancelled', ['Cancelled']), endAs('superseded', ['Superseded'])];
export const anythingElse: CatchRule = endAs('failed', ['States.ALL']);

export const outcomeIs = (outcome: string, more = ''): string => `{% $states.input.outcome = '${outcome}'${more} %}`;
export const roundsLeft = ' and $reworks < $limits.reworkRounds';
/** The next build corrects the last one; it counts against the policy's limit of rework rounds. */
export const rework = (condition: string): ChoiceRule => ({
  Condition: condition,
  Assign: { reworks: '{% $reworks + 1 %}', round: '{% $round + 1 %}', phase: 'rework' },
  Next: 'Build',
});
export const ask = (condition: string, reason: string, resume: string): ChoiceRule => ({
  Condition: condition,
  Assign: { ask: reason, resume },
  Next: 'AskHuman',
});
/** The end of a part whose change is verified, and reviewed where agents review it. */
export const delivered = { status: 'delivered' };
export const rejection = { status: 'rejected', error: 'Rejected', cause: '' };
export const rejected = (condition: string): ChoiceRule => ({
  Condition: condition,
  Assign: { outcome: rejection },
  Next: 'Settle',
});

export type Builders = ReturnType<typeof builders>;

/**
 * How states of one kind are written.
 * @param partition Of the account: `aws`, `aws-us-gov`, `aws-cn`; a state of another partition fails without a catcher.
 */
export function builders(functionName: (step: StepName) => string, partition: string) {
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

  return { step, waiting, phase, gate };
}
