import { type Card, cardOf } from '../../core/notification/card.ts';
import type { Notice } from '../../core/notification/notice.ts';
import { fenced, githubComment } from '../../core/notification/render/github.ts';
import { escapeMarkdown, oneLine } from '../../core/publish/escape.ts';
import { splitHints } from '../../core/review/gate-hints.ts';
import { type Gate, type GateDecision, type GateKind, isWait, type WaitKind } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import type { RunContext } from '../runs/run-context.ts';

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
 * spec. Once per gate.
 */
export async function commentGate(
  deps: Pick<Deps, 'runs'>,
  context: RunContext,
  gate: Gate,
  notice: Notice,
): Promise<void> {
  await commentOn(deps, context, gate, () => openText(cardOf(notice), gate));
}

/** Once a gate is decided, the same comment says how, by whom, and what was asked. */
export async function commentDecision(deps: Pick<Deps, 'runs'>, context: RunContext, gate: Gate): Promise<void> {
  const { decision } = gate;
  if (decision) await commentOn(deps, context, gate, () => decidedText(gate, decision));
}

async function commentOn(
  deps: Pick<Deps, 'runs'>,
  { host, location, record: given }: RunContext,
  gate: Gate,
  body: () => string,
): Promise<void> {
  if (!host.collaboration || isWait(gate.kind)) return;
  const record = (await deps.runs.get(gate.runId)) ?? given;
  // A part has no pull request: its questions are asked where its campaign is discussed.
  const about = record.parent === undefined ? record : await deps.runs.get(record.parent.runId);
  const number = about?.pullRequest?.id ?? about?.origin?.pullRequest ?? about?.conversation;
  if (number !== undefined) await host.collaboration.comment(location, number, `gate#${gate.gateId}`, body());
}

function openText(card: Card, gate: Gate): string {
  const suggested = card.options.findIndex((option) => option.suggested);
  const ways = [
    ...(card.options.length > 0 ? [`/drydock answer ${Math.max(0, suggested) + 1}`] : []),
    ...answers[gate.kind as Exclude<GateKind, WaitKind>],
  ];
  const review =
    gate.kind === 'review'
      ? [`A review of this pull request is a vote on ${gate.head}: \`Approve\` or \`Request changes\`.`]
      : [];
  return [githubComment(card, ways, splitHints(gate.text).rest), ...review].join('\n\n');
}

function decidedText(gate: Gate, { outcome, by, text }: GateDecision): string {
  const said = oneLine(text).slice(0, maxSaid);
  return [
    `**${escapeMarkdown(`${gate.taskId}: ${gate.title}`)}**`,
    `**${decided[outcome] ?? 'Closed'}** by ${by.map(escapeMarkdown).join(', ')}${said === '' ? '.' : `: ${escapeMarkdown(said)}`}`,
    ...(gate.text.trim() === '' ? [] : ['<details><summary>What was asked</summary>', fenced(gate.text), '</details>']),
  ].join('\n\n');
}
