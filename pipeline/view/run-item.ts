import { splitHints } from '../../core/review/gate-hints.ts';
import type { Gate, GateKind } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { type StateWords, stateWords } from './words.ts';

/** An open decision, as far as a list shows it. */
interface GateBrief {
  gateId: string;
  kind: GateKind;
  /** The question, or what is under vote. */
  title: string;
  /** One sentence about what is at stake. */
  stake: string;
  openedAt: string;
  expiresAt: string;
  required: number;
  approvals: string[];
  /** Person ids whose vote would count now. */
  may: string[];
  /** Something is shown first, such as weakened tests or a suspicious text. */
  alert: boolean;
  /** The agent cannot go on: its rounds are used up, and a person says what follows. */
  stuck: boolean;
}

/** A run in a list. */
export interface RunItem {
  runId: string;
  taskId: string;
  title: string;
  repository: string;
  team: string;
  requester: string;
  attempt: number;
  status: RunRecord['status'];
  words: StateWords;
  /** What there is to know beside the state: the reason of an end, a pull request. */
  what: string;
  gate: GateBrief | null;
  spentMicros: number;
  capMicros: number;
  createdAt: string;
  endedAt: string | null;
}

const maxStake = 180;
const maxWhat = 140;

/** @param gate The open gate of the run, if it waits for a person. */
export function runItem(record: RunRecord, gate?: Gate): RunItem {
  const open = record.status === 'waiting' && gate?.status === 'pending' ? gate : undefined;
  return {
    runId: record.runId,
    taskId: record.taskId,
    title: record.title,
    repository: record.repository,
    team: record.team,
    requester: record.requester,
    attempt: record.attempt,
    status: record.status,
    words: stateWords(record, open?.kind),
    what: whatOf(record, open),
    gate: open ? gateBrief(open) : null,
    spentMicros: record.spentMicros,
    capMicros: record.capMicros,
    createdAt: record.createdAt,
    endedAt: record.endedAt ?? null,
  };
}

function gateBrief(gate: Gate): GateBrief {
  const { gateId, kind, title, openedAt, expiresAt, required, approvals, needsPerson } = gate;
  return {
    ...{ gateId, kind, title, openedAt, expiresAt, required, approvals },
    stake: stakeOf(gate),
    may: mayDecide(gate),
    alert: needsPerson && kind !== 'question',
    stuck: gate.options !== undefined,
  };
}

/** People whose vote would count: without those who approved, and those who may not approve what they asked for. */
export function mayDecide(gate: Gate): string[] {
  const involved = gate.solo ? [] : [gate.requester, ...(gate.barred ?? [])];
  const allowed = gate.kind === 'question' ? gate.eligible : gate.approvers.filter((who) => !involved.includes(who));
  return allowed.filter((who) => !gate.approvals.includes(who));
}

function stakeOf(gate: Gate): string {
  if (gate.stake !== undefined) return gate.stake;
  const { rest } = splitHints(gate.text);
  if (gate.kind === 'question') return firstLine(gate.question?.question ?? gate.title, maxStake);
  // The review ends with its sizes; what stands before them is shown first.
  const lines = rest.split('\n').filter((line) => line.trim() !== '');
  if (gate.kind === 'review') return firstLine((lines.at(-1) ?? '').replace(/: .*$/s, ''), maxStake);
  return firstLine(lines[0] ?? gate.title, maxStake);
}

function whatOf(record: RunRecord, gate: Gate | undefined): string {
  if (gate) return stakeOf(gate);
  if (record.error) return firstLine(`${record.error.message}`, maxWhat);
  if (record.status === 'delivered') return record.pullRequest ? 'pull request is ready' : '';
  return record.commit === undefined ? '' : 'draft pull request';
}

/** The first line of a text, cut at a blank where it is too long. */
function firstLine(text: string, max: number): string {
  const line = (text.trim().split('\n')[0] ?? '').trim();
  if (line.length <= max) return line;
  const cut = line.slice(0, max);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), max - 30))} …`;
}
