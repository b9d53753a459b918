import { partFaults } from '../../core/campaign/faults.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError, isRefusal } from '../../core/errors.ts';
import type { Plan } from '../../core/plan/schema.ts';
import { movedBranch } from '../../core/review/moved-branch.ts';
import { votedFor } from '../../core/review/option.ts';
import { castVote } from '../../core/review/vote.ts';
import type { Gate, GateDecision, Vote, VoteChoice } from '../../core/run/gate.ts';
import type { Channel, ReviewThread } from '../../core/run/record.ts';
import { recordRefusal } from '../audit/record-act.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { putJson } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { loadRunContext } from '../runs/run-context.ts';
import { applyDecision } from './apply-decision.ts';

interface VoteRequest {
  gateId: string;
  /** Person id, already resolved by the policy's people. */
  person: string;
  choice: VoteChoice;
  text: string;
  /** Head or plan digest that the voter saw; default: the current one. */
  head?: string;
  /**
   * Reads a whole plan, approved instead of the proposed one; called once the vote is allowed. The caller has the parser,
   * so that steps that only count reviews do not load it. @throws PlanInvalid.
   */
  edit?: () => Plan;
  constraint?: string;
  /** Where the person votes. */
  channel?: Channel | undefined;
  /** Review comments of a `revise`; they are answered in their threads. */
  threads?: ReviewThread[];
}

/** Attempts to write a vote. An attempt fails only because another vote on the gate was counted. */
const voteAttempts = 20;

/**
 * Counts a vote and, at quorum, decides the gate and answers its token.
 * @throws BranchTaken for an approval of a branch that somebody else moved; GateNotFound, GateClosed, GateExpired, VoteRefused, AnswerInvalid, AlternativesExhausted, PlanInvalid.
 */
export async function decideGate(deps: Deps, request: VoteRequest): Promise<Gate> {
  try {
    return await countVote(deps, request);
  } catch (error) {
    if (isRefusal(error) && !(await isRepeated(deps, request))) {
      const gate = await deps.gates.get(request.gateId);
      const text = `${request.choice} on ${request.gateId}: ${error.name}: ${error.message}`;
      const act = { type: 'vote-refused', text, who: request.person, channel: request.channel, on: request.head };
      await recordRefusal(deps, gate?.runId, act);
    }
    throw error;
  }
}

/**
 * Whether the same vote on the same head counted already: the message of the code host was delivered again, or was read at the
 * opening of the gate too, and nobody tried anything.
 */
async function isRepeated(deps: Deps, { gateId, person, choice, channel, head }: VoteRequest): Promise<boolean> {
  if (channel !== 'github') return false;
  const votes = await deps.gates.votes(gateId);
  return votes.some(
    (vote) => !vote.late && vote.person === person && vote.choice === choice && vote.head === (head ?? vote.head),
  );
}

async function countVote(deps: Deps, request: VoteRequest): Promise<Gate> {
  for (let attempt = 0; attempt < voteAttempts; attempt++) {
    const gate = await deps.gates.get(request.gateId);
    if (!gate) throw new DrydockError('GateNotFound', `There is no gate ${request.gateId}.`);
    const vote: Vote = {
      person: request.person,
      ...votedFor(gate, { choice: request.choice, text: request.text }),
      head: request.head ?? gate.head,
      at: new Date(deps.clock.now()).toISOString(),
      late: false,
    };
    const decision = await decisionOf(deps, gate, vote, request);
    if (!(await deps.gates.vote(gate, vote, decision))) continue;
    await recordEvent(deps, gate.runId, {
      key: `vote#${gate.gateId}#${vote.person}`,
      type: 'vote',
      text: `${vote.person}: ${vote.choice}${vote.text === '' ? '' : ` — ${vote.text}`}`,
      data: { gate: gate.gateId, head: vote.head },
      who: vote.person,
      on: vote.head,
      ...defined({ channel: request.channel }),
    });
    const stored = await deps.gates.get(request.gateId);
    if (!stored) throw new DrydockError('GateNotFound', `There is no gate ${request.gateId}.`);
    await applyDecision(deps, stored);
    return (await deps.gates.get(request.gateId)) ?? stored;
  }
  throw new DrydockError('Conflict', `Too many people vote on ${request.gateId} at the same time.`);
}

/** Checks that the branch still points to the commit under vote, because the host delivers what the branch holds. */
async function mustHold(deps: Deps, gate: Gate): Promise<void> {
  const { host, location, record } = await loadRunContext(deps, gate.runId);
  const now = await host.resolve(location, record.branch).catch(absentBranch);
  if (now !== gate.head) throw movedBranch(record.branch, gate.head, now);
}

/** @throws PlanInvalid for an edited plan whose parts the campaign may not have, or that lost them. */
async function editedPlan(deps: Deps, gate: Gate, read: () => Plan): Promise<Plan> {
  const plan = read();
  const { task } = await loadRunContext(deps, gate.runId);
  const faults =
    task.spec.campaign && !plan.parts
      ? ['The plan of a campaign has parts; keep them.']
      : partFaults(plan.parts ?? [], task);
  if (faults.length > 0) throw new DrydockError('PlanInvalid', faults.join('\n'));
  return plan;
}

async function decisionOf(deps: Deps, gate: Gate, vote: Vote, request: VoteRequest): Promise<GateDecision | undefined> {
  let decision: GateDecision | undefined;
  try {
    decision = castVote(gate, vote);
  } catch (error) {
    if (error instanceof DrydockError && (error.name === 'GateClosed' || error.name === 'GateExpired')) {
      if (!(await isRepeated(deps, request))) await deps.gates.recordLate(gate.gateId, { ...vote, late: true });
    }
    throw error;
  }
  if ((request.edit !== undefined || request.constraint !== undefined) && gate.kind !== 'plan') {
    throw new DrydockError('AnswerInvalid', 'Only a plan can be edited or given a constraint.');
  }
  if (gate.kind === 'review' && vote.choice === 'approve') await mustHold(deps, gate);
  const edit = request.edit && (await putJson(deps.artifacts, await editedPlan(deps, gate, request.edit)));
  return (
    decision && {
      ...decision,
      ...defined({ edit, constraint: request.constraint, threads: request.threads }),
    }
  );
}
