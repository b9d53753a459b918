import { counted } from '../plan/stake.ts';
import { type Gate, isWait } from '../run/gate.ts';
import type { RunRecord } from '../run/record.ts';
import { isFinal } from '../run/status.ts';
import { code, escapeMarkdown, oneLine } from './escape.ts';
import { type Verdict, verdictTable } from './verdict.ts';

/** What the check of a run is made of. */
export interface CheckFacts {
  record: Pick<
    RunRecord,
    'runId' | 'taskId' | 'title' | 'status' | 'state' | 'requester' | 'targetBranch' | 'error' | 'pullRequest'
  >;
  /** What a running run does, in words. */
  doing: string;
  /** The open gate. */
  gate: Gate | undefined;
  /** People whose vote would count now. */
  may: string[];
  phases: number | undefined;
  /** CI gates that the spec requires. */
  ciGates: string[];
  verdict: Verdict;
  /** Tests of the unchanged base that failed, and all of them; undefined if they are not known. */
  baseTests: { failed: number; total: number } | undefined;
}

const maxNamed = 5;
const maxQuoted = 120;

/** One line of plain text: what the run waits for, does, or came to. */
export function checkTitle(facts: CheckFacts): string {
  const { record, doing, gate, ciGates, verdict } = facts;
  if (record.status === 'waiting' && gate && !isWait(gate.kind)) return waitText(facts, gate);
  if (record.status === 'queued') return 'Waits for a free place';
  if (!isFinal(record.status)) {
    return record.state === 'AwaitCi' && ciGates.length > 0
      ? `Waits for ${counted(ciGates.length, 'CI gate')}: ${listed(ciGates, 'and')}`
      : doing;
  }
  if (record.status === 'delivered') {
    const { tests, change } = verdict;
    const counts = tests?.total == null ? [] : [`${tests.total - tests.failed} of ${tests.total} tests`];
    return ['Ready', ...counts, ...(change ? [counted(change.files, 'file')] : [])].join(', ');
  }
  if (record.error?.name === 'BaselineRed') {
    const { baseTests: base } = facts;
    return `Tests fail on ${oneLine(record.targetBranch)}${base ? `: ${base.failed} of ${base.total}` : ' already'}`;
  }
  const word = `${record.status.charAt(0).toUpperCase()}${record.status.slice(1).replaceAll('-', ' ')}`;
  return record.error ? `${word}: ${short(record.error.message)}` : word;
}

function waitText({ may, phases, ciGates }: CheckFacts, gate: Gate): string {
  const who = may.length === 0 ? 'somebody else' : listed(may, 'or');
  switch (gate.kind) {
    case 'plan':
      return `Waits for ${who}: approve the plan${phases === undefined ? '' : ` (${counted(phases, 'phase')})`}`;
    case 'review': {
      const missing = gate.required - gate.approvals.length;
      const green = ciGates.length === 0 ? '' : `${ciGates.length} of ${counted(ciGates.length, 'gate')}, `;
      return `${green}${counted(missing, 'approval')} missing: ${who}`;
    }
    case 'question':
      return gate.options
        ? `Waits for ${who}: the agent is stuck`
        : `Waits for ${who}: ${short(gate.question?.question ?? gate.title)}`;
    default:
      return `Waits for ${who}: ${short(gate.title)}`;
  }
}

/** Markdown: who asked for what, the verdict, and what a person can do. */
export function checkSummary(facts: CheckFacts): string {
  const { record, gate, verdict } = facts;
  return [
    `> **Asked** (${escapeMarkdown(record.requester)}, ${code(record.taskId)}): ${escapeMarkdown(record.title)}`,
    verdictTable(verdict),
    ...(record.pullRequest && /^https?:/.test(record.pullRequest.url)
      ? [`Pull request: ${record.pullRequest.url}`]
      : []),
    ...(record.status === 'waiting' && gate
      ? [
          `Open gate: ${code(gate.gateId)}. Answer with a comment that begins with ${code('/drydock')}, or in the pages.`,
        ]
      : []),
    ...(record.error
      ? [
          `${code(record.error.name)}: ${escapeMarkdown(record.error.message.slice(0, 2_000))}`,
          ...(record.error.remedy === '' ? [] : [`What to do: ${escapeMarkdown(record.error.remedy)}`]),
        ]
      : []),
    `Run ${code(record.runId)}.`,
  ].join('\n\n');
}

function listed(names: readonly string[], word: 'and' | 'or'): string {
  const shown = names.slice(0, maxNamed).map(oneLine);
  if (names.length > maxNamed) return `${shown.join(', ')} ${word} ${names.length - maxNamed} more`;
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} ${word} ${last}`;
}

function short(text: string): string {
  const line = oneLine(text.trim().split('\n')[0] ?? '');
  return line.length <= maxQuoted ? line : `${line.slice(0, maxQuoted)} …`;
}
