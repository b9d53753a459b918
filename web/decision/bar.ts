import { formatUsd } from '../../core/money/format.ts';
import { isWait } from '../../core/run/gate.ts';
import type { GateView } from '../../pipeline/service/service.ts';
import { among } from '../html/format.ts';
import { form } from '../html/layout.ts';
import { gatePath, type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { factsOf, type GateParts, standingOf } from './parts.ts';

/** The decision at the bottom of the window: its consequence in one sentence, and what can be done. */
export function decisionBar(context: PageContext, parts: GateParts): Markup | null {
  const { gate } = parts;
  if (gate.status !== 'pending' || isWait(gate.kind)) return null;
  if (Date.parse(gate.expiresAt) <= context.now) return null;
  const { may, why } = standingOf(context, parts);
  if (!may) return markup`<section class="bar" aria-label="Decision"><div class="in"><p>${why}</p></div></section>`;
  const question = gate.kind === 'question';
  const revise = gate.kind === 'review' || (gate.kind === 'plan' && gate.revisionsLeft > 0);
  return markup`<section class="bar" aria-label="Decision"><div class="in">
${question ? markup`<a class="button" href="#answer-form">Answer</a>` : approve(context, gate)}
${revise && markup`<a class="button quiet" href="#rework-form">${gate.kind === 'plan' ? 'Another plan…' : 'Ask for rework…'}</a>`}
<a class="button danger" href="#reject-form">Reject…</a>
<p>${consequence(parts)} ${votes(context, parts)}</p></div></section>`;
}

const approve = (context: PageContext, gate: GateView): Markup =>
  form(
    context,
    gatePath(gate.gateId),
    markup`<input type="hidden" name="choice" value="approve"><input type="hidden" name="head" value="${gate.head}"><button type="submit">Approve</button>`,
  );

/** What the choice of the bar does. */
function consequence({ gate, detail }: GateParts): string {
  const left = formatUsd(Math.max(0, detail.capMicros - detail.spentMicros));
  switch (gate.kind) {
    case 'plan':
      return `Approving starts the build, for up to ${left} more.`;
    case 'review':
      return 'Approving marks the pull request ready; a person merges it.';
    case 'checkpoint':
      return `Approving lets the work go on, for up to ${left} more.`;
    default:
      return `The agent goes on with your answer, for up to ${left} more.`;
  }
}

function votes(context: PageContext, parts: GateParts): string {
  const { gate, detail } = parts;
  const { person } = standingOf(context, parts);
  if (gate.kind === 'question') return `You are ${person}.`;
  const missing = gate.required - gate.approvals.length;
  if (missing <= 1)
    return `You are ${person}; ${gate.required > 1 ? 'your approval is the last that is needed' : 'one approval is enough'}.`;
  const others = (factsOf(detail, gate)?.may ?? []).filter((each) => each !== person);
  return `You are ${person}; ${missing} approvals are needed, yours and ${among(others, 'or')}’s.`;
}
