import { cardOf } from '../../core/notification/card.ts';
import { fenced, githubComment } from '../../core/notification/render/github.ts';
import { escapeMarkdown, oneLine } from '../../core/publish/escape.ts';
import { splitHints } from '../../core/review/gate-hints.ts';
import { type Gate, type GateDecision, type GateKind, isWait, type WaitKind } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import { gateNotice } from '../notices/gate-notice.ts';
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
  const body = gate.decision ? decidedText(gate, gate.decision) : await openText(deps, record, gate);
  await host.collaboration.comment(location, number, `gate#${gate.gateId}`, body);
}

async function openText(deps: Deps, record: RunContext['record'], gate: Gate): Promise<string> {
  const card = cardOf(await gateNotice(deps, record, gate));
  const suggested =
    Math.max(
      0,
      card.options.findIndex((option) => option.suggested),
    ) + 1;
  const ways = [
    ...(card.options.length > 0 ? [`/drydock answer ${suggested}`] : []),
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
