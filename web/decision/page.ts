import { splitHints } from '../../core/review/gate-hints.ts';
import type { Vote } from '../../core/run/gate.ts';
import { gateWords } from '../../pipeline/view/words.ts';
import { changeSection } from '../change/view.ts';
import { phaseView, planView } from '../html/evidence.ts';
import { duration, moment } from '../html/format.ts';
import { chip, facts, fold, page } from '../html/layout.ts';
import { gatePath, type Markup, markup, runPath } from '../html/markup.ts';
import { tiles, verdictTiles } from '../html/tiles.ts';
import type { PageContext } from '../options.ts';
import { draftBox } from '../pages/draft.ts';
import { errorBox } from '../pages/error.ts';
import { asked } from '../run/overview.ts';
import { decisionBar } from './bar.ts';
import { decide, reworkForm } from './forms.ts';
import { hintsBox, lookFirst } from './look-first.ts';
import { factsOf, type GateParts, standingOf } from './parts.ts';

/** The page on which a person decides: what was asked, what came of it, and what a vote does. */
export function gatePage(context: PageContext, parts: GateParts): Markup {
  const { gate, run, detail, refused } = parts;
  const kind = gateWords[gate.kind];
  const expired = Date.parse(gate.expiresAt) <= context.now;
  const open = gate.status === 'pending' && !expired;
  const heading = `${kind}${gate.round > 1 ? ` ${gate.round}` : ''}: ${detail.title}`;
  const body = markup`<p class="trail"><a href="/runs?repo=${encodeURIComponent(run.repository)}">${run.repository}</a> › <a href="${runPath(gate.runId)}">${gate.taskId}</a> › ${kind}</p>
<div class="head"><h1>${heading}</h1><p>${gate.decision || expired ? chip(gate.decision?.outcome ?? 'expired') : markup`<span class="chip wait">${gate.approvals.length} of ${gate.required} approvals</span>`}</p></div>
<p class="asked"><strong>Asked:</strong> <span class="text">${firstWords(detail.instructions)}</span></p>
<p class="quiet small"><a href="#asked">Spec and constraints</a> · asked by ${detail.requester}${detail.planApprovers.length > 0 && ` · plan approved by ${detail.planApprovers.join(', ')}`} · ${open ? `waits ${duration(context.now - Date.parse(gate.openedAt))} · expires in ${duration(Date.parse(gate.expiresAt) - context.now)}` : markup`opened ${moment(gate.openedAt, context.now)}`}</p>
${refused && markup`${errorBox(refused.error)}<p>Nothing was changed. Your text is still in the form. <a href="${gatePath(gate.gateId)}">Back</a></p>`}
${decisionBox(context, parts)}
${gate.status === 'pending' && expired && markup`<div class="box warn"><p>The gate has expired: votes are stored, but not counted.</p></div>`}
${hintsBox(gate)}
${tiles(verdictTiles(detail, shownChange(parts)))}
${lookFirst(parts)}
${gate.required > 1 && whySoMany(context, parts)}
${subject(context, parts)}
${asked(detail)}
${open ? decide(context, parts) : refused && draftBox(refused.draft)}
<section class="card"><h2>Who decides</h2>${facts([
    ['May approve', gate.approvers.join(', ') || 'nobody'],
    ['May answer', gate.kind === 'question' ? gate.eligible.join(', ') : null],
    ['Approvals', `${gate.approvals.length} of ${gate.required}`],
    ['Requested by', markup`${gate.requester}${!gate.solo && markup` <span class="quiet">(may not approve)</span>`}`],
    ['Started again by', gate.barred ? `${gate.barred.join(', ')}${gate.solo ? '' : ' (may not approve)'}` : null],
    ['Opened', moment(gate.openedAt, context.now)],
    ['Expires', gate.status === 'pending' ? moment(gate.expiresAt, context.now) : null],
    ['Commit', gate.kind === 'review' ? markup`<code>${gate.head}</code>` : null],
    ['Digest of the plan', gate.kind === 'plan' ? markup`<code>${gate.head}</code>` : null],
  ])}${votesView(context, gate.votes)}</section>`;
  return page(context, {
    title: `${gate.taskId}: ${heading}`,
    at: '/',
    body,
    bar: open ? decisionBar(context, parts) : null,
  });
}

const maxAsked = 400;
const firstWords = (text: string): string => (text.length <= maxAsked ? text : `${text.slice(0, maxAsked)} …`);

/** The change under vote; null where the gate is about something else, or the run has gone on to another change. */
function shownChange({ gate, change, run }: GateParts) {
  const current = gate.kind !== 'review' || gate.head === run.commit;
  return current && gate.kind !== 'plan' && 'value' in change ? change.value : null;
}

const decisionBox = (context: PageContext, { gate: { decision, delivered }, next, run }: GateParts): Markup | null =>
  decision === undefined
    ? null
    : markup`<div class="box ${decision.outcome === 'rejected' ? 'bad' : 'good'}" role="status"><p><strong>Decided: ${decision.outcome}</strong> by ${decision.by.join(', ')}, ${moment(decision.at, context.now)}</p>
${decision.text !== '' && markup`<p class="text">${decision.text}</p>`}
${decision.constraint !== undefined && markup`<p><span class="label">Added constraint</span> ${decision.constraint}</p>`}
${decision.edit !== undefined && markup`<p>The plan was edited.</p>`}
${!delivered && markup`<p class="quiet">The decision takes effect when the run resumes.</p>`}
<p><a href="${runPath(run.runId)}">See the run</a>${next ? markup` · Next: <a href="${gatePath(next.gateId)}">${next.title} (${next.taskId})</a>` : ' · Nothing else waits for you.'}</p></div>`;

/** Why one approval is not enough, and who is missing. */
function whySoMany(context: PageContext, parts: GateParts): Markup {
  const { gate, detail } = parts;
  const found = factsOf(detail, gate);
  const { person } = standingOf(context, parts);
  const missing = (found?.may ?? []).map((who) => (who === person ? 'you' : who));
  return markup`<div class="box warn"><p><strong>${gate.required} approvals are needed.</strong> ${
    found && found.critical.length > 0
      ? found.critical.map(
          ({ glob, reviewers, paths }) =>
            markup`<code>${glob}</code> is critical and needs ${reviewers}: it has ${paths.map((path) => markup`<code>${path}</code> `)}`,
        )
      : 'The policy or the spec asks for them.'
  } ${gate.approvals.length > 0 && `Approved: ${gate.approvals.join(', ')}. `}${missing.length > 0 && `Missing: ${missing.join(' or ')}.`}</p></div>`;
}

/** The subject of the decision: the plan, the change with its evidence, or the question. */
function subject(context: PageContext, parts: GateParts): Markup {
  const { gate, evidence, change } = parts;
  const { rest } = splitHints(gate.text);
  const text =
    rest !== '' && markup`<pre class="wrap" tabindex="0" role="region" aria-label="Text of the gate">${rest}</pre>`;
  const changed = 'error' in change ? errorBox(change.error) : changePart(context, parts);
  if (gate.kind === 'question' && gate.question) {
    const { question, context: about } = gate.question;
    return markup`<section class="card"><h2>The question</h2><p class="text lead">${question}</p>
${about !== '' && markup`<pre class="wrap" tabindex="0" role="region" aria-label="Context of the question">${about}</pre>`}${rest !== question && rest !== about && text}</section>${changed}`;
  }
  if ('error' in evidence) return markup`<section class="card">${text}${errorBox(evidence.error)}</section>`;
  const { plan, phases } = evidence.value;
  // After the decision the run may have another plan, so the text of the gate is shown instead.
  if (gate.kind === 'plan')
    return markup`<section class="card"><h2>The plan</h2>${gate.status === 'pending' && plan ? planView(plan) : text}</section>`;
  return markup`${gate.kind !== 'review' && markup`<section class="card"><h2>${gate.title}</h2>${text}</section>`}
${changed}
${plan && markup`<section class="card">${fold('The approved plan', planView(plan))}</section>`}
${shownChange(parts) && phases.verify !== undefined && markup`<section class="card"><h2>Evidence</h2>${phaseView('verify', phases.verify)}</section>`}`;
}

function changePart(context: PageContext, parts: GateParts): Markup | null {
  const { gate, shown } = parts;
  const change = shownChange(parts);
  if (!change || change.files.length === 0) return null;
  const votes = gate.status === 'pending' && gate.kind === 'review' && standingOf(context, parts).may;
  return changeSection(context, change, {
    path: gatePath(gate.gateId),
    layout: shown.layout,
    long: shown.long,
    ...(gate.status === 'pending' ? { read: shown.read } : {}),
    ...(votes ? { notes: reworkForm } : {}),
  });
}

const votesView = (context: PageContext, votes: readonly Vote[]): Markup | null =>
  votes.length === 0
    ? null
    : markup`<h3>Votes</h3><ul class="votes">${votes.map(
        (vote) =>
          markup`<li><strong>${vote.person}</strong> ${vote.choice} ${moment(vote.at, context.now)}${vote.late && markup` <span class="chip warn">late, not counted</span>`}${
            vote.text !== '' && markup`<p class="text">${vote.text}</p>`
          }</li>`,
      )}</ul>`;
