import { cardOf } from '../../core/notification/card.ts';
import type { Notice } from '../../core/notification/notice.ts';
import { githubComment } from '../../core/notification/render/github.ts';
import { splitHints } from '../../core/review/gate-hints.ts';
import type { Gate, GateKind, WaitKind } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import { commentDecided, commentOnGate } from '../gates/decided-comment.ts';
import type { RunContext } from '../runs/run-context.ts';

const answers: Record<Exclude<GateKind, WaitKind>, string[]> = {
  plan: ['/drydock approve', '/drydock rework TEXT', '/drydock reject REASON'],
  checkpoint: ['/drydock approve', '/drydock reject REASON'],
  question: ['/drydock answer TEXT', '/drydock reject REASON'],
  review: ['/drydock approve', '/drydock rework TEXT', '/drydock reject REASON'],
};

/** Comments the question of an open gate and the possible answers, once; one that is decided meanwhile has the decision. */
export async function commentGate(
  deps: Pick<Deps, 'runs' | 'gates'>,
  context: RunContext,
  gate: Gate,
  notice: Notice,
): Promise<void> {
  await commentOnGate(deps, context, gate, openText(gate, notice));
  const now = await deps.gates.get(gate.gateId);
  if (now?.decision) await commentDecided(deps, context, now);
}

function openText(gate: Gate, notice: Notice): string {
  const card = cardOf(notice);
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
