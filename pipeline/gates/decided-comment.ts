import { fenced } from '../../core/notification/render/github.ts';
import { escapeMarkdown, oneLine } from '../../core/publish/escape.ts';
import { type Gate, type GateDecision, isWait } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import type { RunContext } from '../runs/run-context.ts';

/** UTF-16 code units of what the person said who decided. */
const maxSaid = 1_000;

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
 * Writes the one comment about a gate, on the run's pull request or on the pull request that brought its spec; a later text
 * takes the place of an earlier one.
 */
export async function commentOnGate(
  deps: Pick<Deps, 'runs'>,
  { host, location, record: known }: RunContext,
  gate: Gate,
  body: string,
): Promise<void> {
  if (!host.collaboration || isWait(gate.kind)) return;
  const record = (await deps.runs.get(gate.runId)) ?? known;
  // A part has no pull request: its questions are asked where its campaign is discussed.
  const about = record.parent === undefined ? record : await deps.runs.get(record.parent.runId);
  const number = about?.pullRequest?.id ?? about?.origin?.pullRequest ?? about?.conversation;
  if (number !== undefined) await host.collaboration.comment(location, number, `gate#${gate.gateId}`, body);
}

/** Says in the comment about a gate how it was decided, by whom, and what was asked. */
export async function commentDecided(deps: Pick<Deps, 'runs'>, context: RunContext, gate: Gate): Promise<void> {
  if (gate.decision) await commentOnGate(deps, context, gate, decidedText(gate, gate.decision));
}

function decidedText(gate: Gate, { outcome, by, text }: GateDecision): string {
  const said = oneLine(text).slice(0, maxSaid);
  return [
    `**${escapeMarkdown(`${gate.taskId}: ${gate.title}`)}**`,
    `**${decided[outcome] ?? 'Closed'}** by ${by.map(escapeMarkdown).join(', ')}${said === '' ? '.' : `: ${escapeMarkdown(said)}`}`,
    ...(gate.text.trim() === '' ? [] : ['<details><summary>What was asked</summary>', fenced(gate.text), '</details>']),
  ].join('\n\n');
}
