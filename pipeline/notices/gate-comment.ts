import { cardOf } from '../../core/notification/card.ts';
import type { Notice } from '../../core/notification/notice.ts';
import { githubComment } from '../../core/notification/render/github.ts';
import { splitHints } from '../../core/review/gate-hints.ts';
import { type Gate, type GateKind, isWait, type WaitKind } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import type { RunContext } from '../runs/run-context.ts';

const answers: Record<Exclude<GateKind, WaitKind>, string[]> = {
  plan: ['/drydock approve', '/drydock rework TEXT', '/drydock reject REASON'],
  checkpoint: ['/drydock approve', '/drydock reject REASON'],
  question: ['/drydock answer TEXT', '/drydock reject REASON'],
  review: ['/drydock approve', '/drydock rework TEXT', '/drydock reject REASON'],
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
  const { host, location } = context;
  const record = (await deps.runs.get(gate.runId)) ?? context.record;
  // A part has no pull request: its questions are asked where its campaign is discussed.
  const about = record.parent === undefined ? record : await deps.runs.get(record.parent.runId);
  const number = about?.pullRequest?.id ?? about?.origin?.pullRequest ?? about?.conversation;
  if (!host.collaboration || number === undefined || isWait(gate.kind)) return;
  const card = cardOf(notice);
  const review =
    gate.kind === 'review'
      ? [`A review of this pull request is a vote on ${gate.head}: \`Approve\` or \`Request changes\`.`]
      : [];
  const body = [githubComment(card, answers[gate.kind], splitHints(gate.text).rest), ...review].join('\n\n');
  await host.collaboration.comment(location, number, `gate#${gate.gateId}`, body);
}
