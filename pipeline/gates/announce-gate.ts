import { barFor } from '../../core/prompt/fence.ts';
import { code, escapeMarkdown, oneLine } from '../../core/publish/escape.ts';
import { optionsOf } from '../../core/review/option.ts';
import {
  type Gate,
  type GateDecision,
  type GateKind,
  type GateOption,
  isWait,
  type WaitKind,
} from '../../core/run/gate.ts';
import { visible } from '../../core/text/hidden.ts';
import type { Deps } from '../deps.ts';
import type { RunContext } from '../runs/run-context.ts';

/** UTF-16 code units of the gate's text in a comment; the pages and `drydock show` have the whole text. */
const maxText = 20_000;
/** UTF-16 code units of what the person said who decided. */
const maxSaid = 1_000;

const answers: Record<Exclude<GateKind, WaitKind>, string[]> = {
  plan: ['/drydock approve', '/drydock rework TEXT', '/drydock reject REASON'],
  checkpoint: ['/drydock approve', '/drydock reject REASON'],
  question: ['/drydock answer TEXT', '/drydock reject REASON'],
  review: ['/drydock approve', '/drydock rework TEXT', '/drydock reject REASON'],
};

/** Outcomes in words for a comment. */
const decided: Partial<Record<GateDecision['outcome'], string>> = {
  approved: 'Approved',
  revise: 'A change was asked for',
  rejected: 'Rejected',
  answered: 'Answered',
  expired: 'Expired',
  'needs-person': 'Nobody could answer',
};

/**
 * Comments the question and the possible answers on the run's pull request, or on the pull request that brought its
 * spec. Once per gate; once it is decided, the same comment says how, by whom, and what was asked.
 */
export async function announceGate(deps: Deps, context: RunContext, gate: Gate): Promise<void> {
  const { host, location } = context;
  if (!host.collaboration || isWait(gate.kind)) return;
  const record = (await deps.runs.get(gate.runId)) ?? context.record;
  // A part has no pull request: its questions are asked where its campaign is discussed.
  const about = record.parent === undefined ? record : await deps.runs.get(record.parent.runId);
  const number = about?.pullRequest?.id ?? about?.origin?.pullRequest ?? about?.conversation;
  if (number === undefined) return;
  const body = gate.decision ? decidedText(gate, gate.decision) : openText(gate, deps.runLink(gate.runId));
  await host.collaboration.comment(location, number, `gate#${gate.gateId}`, body);
}

function openText(gate: Gate, link: string | undefined): string {
  const options = optionsOf(gate);
  const ways = [
    ...(options.length > 0 ? [`/drydock answer ${suggestedOf(gate, options) + 1}`] : []),
    ...answers[gate.kind as Exclude<GateKind, WaitKind>],
  ];
  return [
    heading(gate),
    ...shownText(gate),
    ...(options.length > 0 ? [options.map((option, i) => optionLine(gate, option, i, options)).join('\n')] : []),
    ...(gate.kind === 'review'
      ? [`A review of this pull request is a vote on ${gate.head}: \`Approve\` or \`Request changes\`.`]
      : []),
    `Answer with one of: ${ways.map(code).join(', ')}${link === undefined ? '' : `, or [in the pages](${link})`}.`,
    `Votes needed: ${gate.required} of ${gate.eligible.map((person) => code(person)).join(', ')}.`,
  ].join('\n\n');
}

function decidedText(gate: Gate, { outcome, by, text }: GateDecision): string {
  const said = oneLine(text).slice(0, maxSaid);
  const shown = shownText(gate);
  return [
    heading(gate),
    `**${decided[outcome] ?? 'Closed'}** by ${by.map(escapeMarkdown).join(', ')}${said === '' ? '.' : `: ${escapeMarkdown(said)}`}`,
    ...(shown.length > 0 ? ['<details><summary>What was asked</summary>', ...shown, '</details>'] : []),
  ].join('\n\n');
}

const heading = (gate: Gate): string => `**${escapeMarkdown(`${gate.taskId}: ${gate.title}`)}**`;

/** The gate's text in a code block: bots read the raw text, and orders at the start of its lines; none starts one. */
function shownText(gate: Gate): string[] {
  if (gate.text.trim() === '') return [];
  const text = visible(gate.text).slice(0, maxText).trim().replace(/^/gm, '│ ');
  const bar = barFor(text, 3);
  return [`${bar}text\n${text}\n${bar}`];
}

const suggestedOf = ({ question }: Gate, options: readonly GateOption[]): number =>
  Math.max(
    0,
    options.findIndex(({ label }) => label === question?.suggested),
  );

function optionLine(gate: Gate, { label, text }: GateOption, i: number, options: readonly GateOption[]): string {
  const suggested = gate.question?.suggested !== undefined && options[i]?.label === gate.question.suggested;
  return `${i + 1}. ${escapeMarkdown(label)}${suggested ? ' (suggested)' : ''}${text === 'required' ? `, with your words: ${code(`/drydock answer ${i + 1}: TEXT`)}` : ''}`;
}
