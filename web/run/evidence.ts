import { reviewLines } from '../../core/ask/review.ts';
import type { Refusal } from '../../core/run/phase.ts';
import type { Evidence } from '../../pipeline/service/service.ts';
import type { RunDetail } from '../../pipeline/view/run-detail.ts';
import { phaseView, refusalsView } from '../html/evidence.ts';
import { count } from '../html/format.ts';
import { fold } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import { tiles, verdictTiles } from '../html/tiles.ts';

/** What was checked, and where: by a clean sandbox first, then what the agent's sandbox reports. */
export function evidenceTab(detail: RunDetail, evidence: Evidence, refusals: readonly Refusal[]): Markup {
  const { verify, ...others } = evidence.phases;
  return markup`${tiles(verdictTiles(detail, null))}
${
  detail.criteria.length > 0 &&
  markup`<section class="card"><h2>Success criteria</h2><ul class="checks">${detail.criteria.map(
    ({ says, run, passed }) =>
      markup`<li>${passed === null ? markup`<span class="chip">${run === null ? 'told' : 'not run yet'}</span>` : passed ? markup`<span class="chip good">passed</span>` : markup`<span class="chip bad">failed</span>`} ${says}${run !== null && markup` <code>${run}</code>`}</li>`,
  )}</ul></section>`
}
${
  verify === undefined
    ? markup`<p class="empty">Nothing is verified yet.</p>`
    : markup`<section class="card"><h2>Verified</h2><p class="quiet">In a fresh sandbox: clean base plus the change, no agent and no model.</p>${phaseView('verify', verify)}</section>`
}
${reviewSection(evidence.reviews)}
${refusals.length > 0 && markup`<section class="card"><h2>Refused outgoing requests <span class="quiet">${refusals.length}</span></h2>${refusalsView(refusals)}</section>`}
${
  Object.keys(others).length > 0 &&
  markup`<section class="card"><h2>Phases</h2>${fold(
    'Commands of plan and build, reported by the agent’s sandbox',
    markup`${Object.entries(others).map(([name, stored]) => phaseView(name, stored))}`,
    verify === undefined,
  )}</section>`
}
${evidence.pullRequestBody !== null && markup`<section class="card"><h2>Pull request</h2>${fold('Text of the pull request', markup`<pre class="wrap" tabindex="0" role="region" aria-label="Text of the pull request">${evidence.pullRequestBody}</pre>`)}</section>`}`;
}

/** What agents found in review, the last reviews first. */
const reviewSection = (reviews: Evidence['reviews']): Markup | false =>
  reviews !== null &&
  markup`<section class="card"><h2>Review by agents <span class="quiet">${count(reviews.findings, 'finding')}, ${reviews.blocking} blocking, ${reviews.acted} acted on</span></h2>
<pre class="wrap" tabindex="0" role="region" aria-label="Findings of agents">${reviewLines(reviews.rounds.toReversed(), reviews.waived).join('\n')}</pre></section>`;
