import type { Audit } from '../../pipeline/service/service.ts';
import { moment } from '../html/format.ts';
import { facts } from '../html/layout.ts';
import { gatePath, type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { callsTable } from './cost.ts';
import { timeline } from './overview.ts';

/** The audit trail of a run (R30): events, gates with all votes, each metered model call. */
export const auditTab = (
  context: PageContext,
  audit: Audit,
): Markup => markup`<div class="head"><h2>Audit</h2><p><a href="${runPath(audit.runId)}/audit.json" download>Download as JSON</a></p></div>
${facts([
  ['Run', markup`<code>${audit.runId}</code>`],
  ['Requested by', audit.requester],
  ['Started again by', audit.retriers.join(', ')],
  ['Policy', markup`<code>${audit.policyDigest}</code>`],
])}
<section class="card"><h2>Decisions</h2>${
  audit.gates.length === 0
    ? markup`<p class="quiet">No decision was requested.</p>`
    : markup`<ul class="votes">${audit.gates.map(
        (gate) => markup`<li><strong><a href="${gatePath(gate.gateId)}">${gate.title}</a></strong>
<p>${gate.decision ? markup`${gate.decision.outcome} by ${gate.decision.by.join(', ')}, ${moment(gate.decision.at, context.now)}` : 'open'}</p>
${gate.votes.map((vote) => markup`<p class="text">${vote.person}: ${vote.choice}${vote.late && ' (late)'}, ${moment(vote.at, context.now)} ${vote.text}</p>`)}</li>`,
      )}</ul>`
}</section>
${callsTable(audit.calls)}
<section class="card"><h2>Events</h2>${timeline(audit)}</section>`;
