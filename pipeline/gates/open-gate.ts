import { defined } from '../../core/defined.ts';
import { type Gate, type GateKind, type GateOption, isWait } from '../../core/run/gate.ts';
import type { Question } from '../../core/run/phase.ts';
import { hasApplied } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { reportRun } from '../runs/report-run.ts';
import { type RunContext, refuseStopped } from '../runs/run-context.ts';
import { applyDecision } from './apply-decision.ts';
import { type OutsideText, suspicionsOf } from './suspicions.ts';

interface GateRequest {
  kind: GateKind;
  round: number;
  token: string;
  /** Subject of the vote: plan digest, head commit, or a constant if there is only one subject. */
  head: string;
  title: string;
  text: string;
  /** What is at stake, in a sentence. */
  stake?: string;
  question?: Question;
  options?: GateOption[];
  part?: string;
  needsPerson?: boolean;
  /** Texts from outside that the gate is about; their suspicious instructions are shown first. */
  outside?: OutsideText[];
  acceptable?: boolean;
  eligible: string[];
  required: number;
  revisionsLeft?: number;
}

export const gateIdOf = (runId: string, kind: GateKind, round: number): string => `${runId}.${kind}.${round}`;

/** Opens a gate once, notifies people once, and shows it on the run. A gate that is already decided is answered. */
export async function openGate(deps: Deps, context: RunContext, state: string, request: GateRequest): Promise<void> {
  const { record, task } = context;
  const now = deps.clock.now();
  const { token, revisionsLeft = 0, needsPerson = false, acceptable = false, outside = [], ...rest } = request;
  const forPeople = !isWait(request.kind);
  const suspicions = forPeople ? await suspicionsOf(deps, record.runId, outside) : [];
  const gate: Gate = {
    ...rest,
    text: [suspicions.join('\n'), rest.text].filter((text) => text !== '').join('\n\n'),
    gateId: gateIdOf(record.runId, request.kind, request.round),
    runId: record.runId,
    taskId: record.taskId,
    needsPerson: needsPerson || suspicions.length > 0,
    acceptable,
    approvers: task.approvers,
    revisionsLeft,
    requester: record.requester,
    ...defined({ barred: record.retriers }),
    solo: task.solo,
    approvals: [],
    status: 'pending',
    token: await deps.vault.seal(token),
    delivered: false,
    openedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + task.expiresHours * 3_600_000).toISOString(),
    version: 1,
  };
  const stored = await deps.gates.open(gate);
  if (forPeople && stored.status === 'pending') {
    await deps.notifier.tell({ about: 'gate', runId: record.runId, gateId: gate.gateId });
  }
  // The wait for parts is one step of a campaign, which its parts tell about.
  if (gate.kind !== 'parts')
    await recordEvent(deps, record.runId, { key: `gate#${gate.gateId}`, type: 'gate-opened', text: gate.title });
  const open = (await deps.gates.get(gate.gateId)) ?? stored;
  if (open.status === 'decided') return applyDecision(deps, open);
  // Last, so that people are already notified when the run appears as waiting.
  await deps.runs.update(record.runId, (run) => {
    // A stop before this line found no gate to close; a stop after it closes the gate.
    refuseStopped(run);
    if (hasApplied(run, gate.gateId)) return undefined;
    const status = request.kind === 'slot' ? 'queued' : forPeople ? 'waiting' : 'running';
    return { ...run, status, state, gate: gate.gateId };
  });
  if (!forPeople) return;
  await reportRun(deps, record.runId);
}
