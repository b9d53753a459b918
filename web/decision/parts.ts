import type { ErrorView } from '../../core/errors.ts';
import { personOf } from '../../core/policy/people.ts';
import type { Evidence, GateView, RunView } from '../../pipeline/service/service.ts';
import type { ChangeView } from '../../pipeline/view/change.ts';
import type { GateFacts, RunDetail } from '../../pipeline/view/run-detail.ts';
import type { ChangeOptions } from '../change/view.ts';
import type { PageContext } from '../options.ts';
import type { Draft } from '../pages/draft.ts';
import type { Part } from '../part.ts';

export interface GateParts {
  gate: GateView;
  run: RunView;
  detail: RunDetail;
  evidence: Part<Evidence>;
  change: Part<ChangeView | null>;
  shown: Pick<ChangeOptions, 'layout' | 'long'> & { read: ReadonlySet<string> };
  /** Decisions that wait for the visitor besides this one. */
  next: { gateId: string; taskId: string; title: string } | undefined;
  /** The vote that was just refused, with the error; its fields fill the forms again. */
  refused?: { draft: Draft; error: ErrorView };
}

/** What the visitor may do with a gate. */
export interface Standing {
  person: string;
  /** The vote would count. */
  may: boolean;
  /** Why it would not; empty if it would. */
  why: string;
}

export function standingOf(context: PageContext, { gate, detail }: GateParts): Standing {
  const who = context.visitor?.who ?? '';
  const person = personOf(context.options.policy, who) ?? who;
  const listed = gate.eligible.includes(person) || gate.approvers.includes(person);
  const own = [gate.requester, ...(gate.barred ?? [])].includes(person) && !gate.solo;
  const others = (factsOf(detail, gate)?.may ?? []).filter((each) => each !== person).join(' or ') || 'nobody else';
  if (gate.approvals.includes(person))
    return { person, may: false, why: `You approved; the next approval is up to ${others}.` };
  if (own && gate.kind !== 'question') {
    const did = person === gate.requester ? 'requested this run' : 'started this run again';
    return { person, may: false, why: `${who} ${did}, so another person has to approve it: ${others}.` };
  }
  if (!listed) return { person, may: false, why: `${who} may not decide this gate; ${others} may.` };
  return { person, may: true, why: '' };
}

export const factsOf = ({ gates }: RunDetail, { gateId }: GateView): GateFacts | undefined =>
  gates.find((facts) => facts.gateId === gateId);
