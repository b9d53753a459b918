import { formatUsd } from '../../core/money/format.ts';
import type { Audit } from '../../pipeline/service/service.ts';
import { facts, page } from '../html/layout.ts';
import { type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { timeline } from './run.ts';

/** The audit trail of a run (R30): events, gates with all votes, each metered model call. */
export function auditPage(context: PageContext, audit: Audit): Markup {
  const path = runPath(audit.runId);
  const body = markup`<p class="trail"><a href="${path}">${audit.taskId}</a> · Audit</p>
<div class="head"><h1>Audit</h1><p><a href="${path}/audit.json" download>Download as JSON</a></p></div>
${facts([
  ['Run', markup`<code>${audit.runId}</code>`],
  ['Requested by', audit.requester],
  ['Started again by', audit.retriers.join(', ')],
  ['Policy', markup`<code>${audit.policyDigest}</code>`],
])}
<section><h2>Decisions</h2>${
    audit.gates.length === 0
      ? markup`<p class="quiet">No decision was requested.</p>`
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
