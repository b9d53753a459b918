import type { GateKind } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';

/** A colour of a state: `wait` needs a person, `run` works, `quiet` needs nobody, `gone` was ended by a person. */
type Tone = 'wait' | 'run' | 'quiet' | 'good' | 'gone' | 'bad';

/** A state as people read it. */
export interface StateWords {
  text: string;
  tone: Tone;
}

export const gateWords: Record<GateKind, string> = {
  plan: 'Plan',
  checkpoint: 'Checkpoint',
  question: 'Question',
  review: 'Review',
  slot: 'Queue',
  ci: 'CI',
  parts: 'Parts',
};

/** What a running run does, by the state of the machine. */
const working: Record<string, string> = {
  Validate: 'Starting',
  Estimate: 'Starting',
  Claim: 'Starting',
  Reserve: 'Starting',
  Plan: 'Planning',
  Build: 'Building',
  Dispatch: 'Working on its parts',
  Integrate: 'Putting its parts together',
  Verify: 'Verifying',
  Publish: 'Publishing',
  AwaitCi: 'Waiting for CI',
  Deliver: 'Finishing',
  Settle: 'Finishing',
};

const ended: Partial<Record<RunRecord['status'], StateWords>> = {
  queued: { text: 'Queued', tone: 'quiet' },
  delivered: { text: 'Delivered', tone: 'good' },
  rejected: { text: 'Rejected', tone: 'gone' },
  cancelled: { text: 'Cancelled', tone: 'gone' },
  superseded: { text: 'Superseded', tone: 'gone' },
  failed: { text: 'Failed', tone: 'bad' },
  'over-budget': { text: 'Over budget', tone: 'bad' },
  duplicate: { text: 'Duplicate', tone: 'quiet' },
  'dry-run': { text: 'Dry run', tone: 'quiet' },
};

/** The state of a run in words. @param gate Kind of its open gate. */
export function stateWords({ status, state }: Pick<RunRecord, 'status' | 'state'>, gate?: GateKind): StateWords {
  if (status === 'waiting')
    return { text: gate ? `Needs you: ${gateWords[gate].toLowerCase()}` : 'Needs you', tone: 'wait' };
  return ended[status] ?? { text: working[state] ?? 'Working', tone: 'run' };
}
