import { formatUsd } from '../core/money/format.ts';
import type { BudgetView } from '../core/ports/store/ledger.ts';
import type { Activity } from '../pipeline/service/activity.ts';
import type { Audit } from '../pipeline/service/service.ts';
import { activityText } from './html/follow.ts';
import { count, moment } from './html/format.ts';
import { facts, fold, page } from './html/layout.ts';
import { link, type Markup, markup, runPath } from './html/markup.ts';
import type { Message, PageContext } from './options.ts';
import { timeline } from './pages/run.ts';

/** What people were told, newest first. */
export function outboxPage(context: PageContext, messages: readonly Message[]): Markup {
  const sorted = [...messages].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const body = markup`<div class="head"><h1>Outbox</h1><p class="quiet">${count(sorted.length, 'notification')}</p></div>
${
  sorted.length === 0
    ? markup`<p class="empty">Nobody was told anything yet.</p>`
    : markup`<ul class="messages">${sorted.map(
        (
          message,
        ) => markup`<li><h2>${message.subject}</h2><p class="quiet">${moment(message.at, context.now)}, to ${message.to.join(', ') || 'nobody'}</p>
${message.link !== undefined && markup`<p>${link(message.link)}</p>`}
${message.text !== '' && fold('Text', markup`<pre class="wrap">${message.text}</pre>`)}</li>`,
      )}</ul>`
}`;
  return page(context, { title: 'Outbox', at: '/outbox', body });
}

/** What each team's sprint has spent, on what. */
export function budgetPage(context: PageContext, budgets: readonly BudgetView[]): Markup {
  const body = markup`<div class="head"><h1>Budget</h1></div>
${budgets.length === 0 && markup`<p class="empty">The policy defines no budgets.</p>`}
${budgets.map(
  (budget) => markup`<section><h2>${budget.team} <span class="quiet">sprint from ${budget.sprint}</span></h2>
<p><meter min="0" max="${budget.limitMicros}" value="${budget.committedMicros}" aria-label="Committed of the limit">${formatUsd(budget.committedMicros)}</meter></p>
${facts([
  ['Committed', `${formatUsd(budget.committedMicros)} of ${formatUsd(budget.limitMicros)}`],
  ['Settled', formatUsd(budget.settledMicros)],
  ['Left', formatUsd(budget.limitMicros - budget.committedMicros)],
])}
${
  budget.runs.length > 0 &&
  markup`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Task</th><th scope="col" class="number">Reserved</th><th scope="col" class="number">Settled</th></tr></thead><tbody>${budget.runs.map(
    (run) =>
      markup`<tr><td><a href="${runPath(run.runId)}">${run.taskId}</a></td><td class="number">${formatUsd(run.reservedMicros)}</td><td class="number">${run.settledMicros === null ? '' : formatUsd(run.settledMicros)}</td></tr>`,
  )}</tbody></table></div>`
}</section>`,
)}`;
  return page(context, { title: 'Budget', at: '/budget', body });
}

/** Who did what, when and why (R30): events, gates with every vote, each metered model call. */
export function auditPage(context: PageContext, audit: Audit): Markup {
  const path = runPath(audit.runId);
  const body = markup`<p class="trail"><a href="${path}">${audit.taskId}</a> · Audit</p>
<div class="head"><h1>Audit</h1><p><a href="${path}/audit.json" download>Download as JSON</a></p></div>
${facts([
  ['Run', markup`<code>${audit.runId}</code>`],
  ['Requested by', audit.requester],
  ['Policy', markup`<code>${audit.policyDigest}</code>`],
])}
<section><h2>Decisions</h2>${
    audit.gates.length === 0
      ? markup`<p class="quiet">None was asked for.</p>`
      : markup`<ul class="votes">${audit.gates.map(
          (gate) => markup`<li><strong>${gate.title}</strong> <span class="quiet">${gate.gateId}</span>
<p>${gate.decision ? `${gate.decision.outcome} by ${gate.decision.by.join(', ')}, ${gate.decision.at}` : 'open'}</p>
${gate.votes.map((vote) => markup`<p class="text">${vote.at} ${vote.person}: ${vote.choice}${vote.late && ' (late)'} ${vote.text}</p>`)}</li>`,
        )}</ul>`
  }</section>
<section><h2>Model calls <span class="quiet">${audit.calls.length}</span></h2>${
    audit.calls.length > 0 &&
    markup`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Model</th><th scope="col">Kind</th><th scope="col" class="number">In</th><th scope="col" class="number">Out</th><th scope="col" class="number">Cost</th></tr></thead><tbody>${audit.calls.map(
      (call) =>
        markup`<tr><td>${call.provider}/${call.model}</td><td>${call.kind}</td><td class="number">${call.inputTokens}</td><td class="number">${call.outputTokens}</td><td class="number">${formatUsd(call.usdMicros)}${call.state === 'reserved' && ' (cut off: worst case)'}</td></tr>`,
    )}</tbody></table></div>`
  }</section>
<section><h2>Events</h2>${timeline(audit.events)}</section>`;
  return page(context, { title: `${audit.taskId}: audit`, at: '/runs', body });
}

/** What the agent said and which tools it used, phase by phase, as its sandbox reported it (R32). */
export function activityPage(
  context: PageContext,
  run: { runId: string; taskId: string },
  phases: readonly Activity[],
): Markup {
  const body = markup`<p class="trail"><a href="${runPath(run.runId)}">${run.taskId}</a> · Activity</p>
<div class="head"><h1>What the agent said and did</h1></div>
<p class="quiet">Reported by the sandbox the agent ran in: telemetry, not evidence.</p>
${phases.length === 0 && markup`<p class="empty">No phase has ended yet.</p>`}
${phases.map(
  ({ phaseKey, events }) =>
    markup`<section><h2>${phaseKey.slice(phaseKey.indexOf('/') + 1)} <span class="quiet">${count(events.length, 'report')}</span></h2><ol class="timeline">${events.map(
      (event) =>
        markup`<li><span class="kind">${event.type}</span> <span class="text">${activityText(event)}</span></li>`,
    )}</ol></section>`,
)}`;
  return page(context, { title: `${run.taskId}: activity`, at: '/runs', body });
}
