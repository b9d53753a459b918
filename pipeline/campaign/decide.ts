import type { Part } from '../../core/campaign/part.ts';
import { partAgain, withoutPart } from '../../core/campaign/progress.ts';
import type { CampaignState } from '../../core/campaign/state.ts';
import { defined } from '../../core/defined.ts';
import type { Gate, GateDecision } from '../../core/run/gate.ts';
import type { RunRecord, RunWork } from '../../core/run/record.ts';
import { stateOf } from './parts.ts';

/**
 * What a person decided about a part: it is done again, or the campaign goes on without it, or one side of a conflict is
 * taken. A text about a failed part does it again with this text; about a conflict it goes to the coordinator.
 */
export function decideOnPart(
  run: RunRecord,
  part: string,
  decision: GateDecision,
  work: RunWork,
  parts: readonly Part[],
): Pick<RunRecord, 'work'> & Partial<Pick<RunRecord, 'campaign'>> {
  if (decision.outcome !== 'answered') return { work };
  const state = stateOf(run);
  const { conflict } = state;
  const hint = { by: decision.by.join(', '), text: decision.text };
  if (conflict?.part !== part) {
    if (decision.does === 'leave-out') return { work, campaign: withoutPart(parts, state, part) };
    return { work, campaign: partAgain(state, part, defined({ hint: decision.does === 'redo' ? undefined : hint })) };
  }
  switch (decision.does) {
    case 'take-ours':
    case 'take-theirs': {
      const settled = decision.does === 'take-ours' ? 'ours' : 'theirs';
      return { work, campaign: { ...state, conflict: { ...conflict, settled } } };
    }
    case 'redo':
      return withoutConflict(work, partAgain(state, part, { given: conflict.ours }), conflict);
    case 'leave-out':
      return withoutConflict(work, withoutPart(parts, state, part), conflict);
    default:
      return { work };
  }
}

/** The work as it was before the part was merged. */
function withoutConflict(
  work: RunWork,
  { conflict: _conflict, ...campaign }: CampaignState,
  { ours }: NonNullable<CampaignState['conflict']>,
): { work: RunWork; campaign: CampaignState } {
  return { work: { ...work, changeSet: ours, feedback: [] }, campaign };
}

/** Where the machine goes on after a decision; the answer to an ordinary question leads back to the state that asked. */
export function wayOf(
  { part }: Gate,
  { outcome, does }: GateDecision,
): GateDecision['outcome'] | 'dispatch' | 'integrate' {
  if (part === undefined || outcome !== 'answered') return outcome;
  if (does === 'take-ours' || does === 'take-theirs') return 'integrate';
  return does === undefined ? outcome : 'dispatch';
}
