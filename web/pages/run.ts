import { reviewLines } from '../../core/ask/review.ts';
import type { ErrorView } from '../../core/errors.ts';
import { formatUsd, microsOf } from '../../core/money/format.ts';
import type { UnifiedDiff } from '../../core/ports/host/code-host.ts';
import type { Refusal } from '../../core/run/phase.ts';
import type { RunEvent } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Audit, Evidence, HostView, RunView } from '../../pipeline/service/service.ts';
import { diffView } from '../html/diff.ts';
import { changedFiles, phaseView, planView, refusalsView } from '../html/evidence.ts';
import { followScript } from '../html/follow.ts';
import { clockTime, count, duration, moment } from '../html/format.ts';
import { chip, facts, fold, form, page } from '../html/layout.ts';
import { gatePath, link, type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { errorBox } from './error.ts';
import { openGate } from './runs.ts';

/** A part of the page that may fail (for example because a repository moved) without failing the page. */
export type Part<T> = { value: T } | { error: ErrorView };

interface RunParts {
  run: RunView;
  audit: Audit;
  refusals: Refusal[];
  evidence: Part<Evidence>;
  diff: Part<UnifiedDiff | null>;
  host: Part<HostView | null>;
}

/** Reload interval of browsers without JavaScript. */
const refreshSeconds = 5;

export function runPage(context: PageContext, parts: RunParts): Markup {
  const { run } = parts;
  const following = !isFinal(run.status);
  const body = markup`<div class="head"><h1>${run.taskId}</h1><p id="status">${chip(run.status)} <span class="quiet">${run.state}</span></p></div>
${run.error && errorBox(run.error)}
${gateBox(run)}
${header(context, parts)}
${actions(context, run)}
${hostSection(parts)}
${evidenceSections(parts)}
${refusalsSection(parts.refusals)}
<section aria-labelledby="timeline-title"><h2 id="timeline-title">Timeline</h2>
<ul class="durations">${Object.entries(run.durations).map(([name, ms]) => markup`<li><span class="quiet">${name}</span> ${duration(ms)}</li>`)}</ul>
${timeline(run.events)}
${following && markup`<div id="live" hidden><h3>Live</h3><ol class="live" aria-live="polite"></ol></div>`}
${following && context.options.watch === undefined && markup`<p class="quiet">This page updates every few seconds; the agent's activity appears when its phase ends.</p>`}
<p><a href="${runPath(run.runId)}/activity">Agent activity</a> · <a href="${runPath(run.runId)}/audit">Audit trail</a></p></section>`;
  return page(context, {
    title: run.taskId,
    at: '/runs',
    body,
    ...(following ? { refreshSeconds, script: followScript(run, context.options.watch !== undefined) } : {}),
  });
}

const gateBox = (run: RunView): Markup | null => {
  const gate = openGate(run);
  return gate === null
    ? null
    : markup`<div class="box ask"><p><strong>Waiting for a person.</strong> Nothing runs during the wait.</p><a class="button" href="${gatePath(gate)}">Open the decision</a></div>`;
};

const header = ({ now }: PageContext, { run, audit }: RunParts): Markup => {
  const { tokens, usd } = run.cost;
  return facts([
    ['Repository', run.repository],
    ['Branch', markup`<code>${run.branch}</code>`],
    ['Commit', run.commit === null ? null : markup`<code>${run.commit}</code>`],
    ['Base', run.base === null ? null : markup`<code>${run.base}</code>`],
    [
      'Pull request',
      run.pullRequest ? markup`${link(run.pullRequest.url)}${run.pullRequest.draft && ' (draft)'}` : null,
    ],
    ['Requested by', audit.requester],
    ['Started again by', audit.retriers.join(', ')],
    [
      'Cost',
      markup`${formatUsd(microsOf(usd))} <span class="quiet">${tokens.input} tokens in, ${tokens.output} out, ${tokens.cached} cached</span>`,
    ],
    ['Started', moment(run.createdAt, now)],
    ['Ended', run.endedAt === null ? null : moment(run.endedAt, now)],
    ['Attempt', String(run.attempt)],
    ['Run', markup`<code>${run.runId}</code>`],
  ]);
};

const actions = (context: PageContext, run: RunView): Markup => {
  const path = runPath(run.runId);
  return isFinal(run.status)
    ? form(context, `${path}/retry`, markup`<button type="submit" class="quiet">Start another attempt</button>`, 'row')
    : fold(
        'Cancel this run',
        form(
          context,
          `${path}/cancel`,
          markup`<label>Reason <input name="reason" maxlength="500" required></label><button type="submit" class="danger">Cancel the run</button>`,
        ),
      );
};

/** What agents found in review, the last reviews first. */
const reviewSection = (reviews: Evidence['reviews']): Markup | false =>
  reviews !== null &&
  markup`<section><h2>Review by agents <span class="quiet">${count(reviews.findings, 'finding')}, ${reviews.blocking} blocking, ${reviews.acted} acted on</span></h2>
<pre class="wrap">${reviewLines(reviews.rounds.toReversed(), reviews.waived).join('\n')}</pre></section>`;

function evidenceSections({ evidence, diff }: RunParts): Markup {
  if ('error' in evidence) return markup`<section><h2>Evidence</h2>${errorBox(evidence.error)}</section>`;
  const { plan, phases, diff: entries, reviews, pullRequestBody } = evidence.value;
  const { verify, ...others } = phases;
  const change = 'error' in diff ? errorBox(diff.error) : diff.value && diffView(diff.value);
  return markup`${plan && markup`<section><h2>Plan</h2>${planView(plan)}</section>`}
${entries.length > 0 && markup`<section><h2>Changes <span class="quiet">${count(entries.length, 'file')}</span></h2>${changedFiles(evidence.value)}${change}</section>`}
${reviewSection(reviews)}
${verify !== undefined && markup`<section><h2>Evidence</h2><p class="quiet">From a fresh sandbox: clean base plus the change, no agent and no model.</p>${phaseView('verify', verify)}</section>`}
${
  Object.keys(others).length > 0 &&
  markup`<section><h2>Phases</h2>${fold(
    'Commands of plan and build, reported by the agent’s sandbox',
    markup`${Object.entries(others).map(([name, stored]) => phaseView(name, stored))}`,
    verify === undefined,
  )}</section>`
}
${pullRequestBody !== null && markup`<section><h2>Pull request</h2>${fold('Text of the pull request', markup`<pre class="wrap">${pullRequestBody}</pre>`)}</section>`}`;
}

/** Checks and reviews on the code host. An error of the host is shown only in this part. */
function hostSection({ host, run }: RunParts): Markup | null {
  if ('error' in host) return markup`<section><h2>On the code host</h2>${errorBox(host.error)}</section>`;
  if (host.value === null) return null;
  const { checks, reviews, head } = host.value;
  return markup`<section><h2>On the code host</h2>${run.origin && markup`<p class="quiet">Started by the push of <code>${run.origin.commit.slice(0, 12)}</code> to <code>${run.origin.branch}</code>.</p>`}
${checks.length === 0 ? markup`<p class="quiet">No check has reported on <code>${head.slice(0, 12)}</code> yet.</p>` : markup`<ul class="checks">${checks.map(({ name, state, conclusion, url }) => markup`<li>${chip(state)} ${url === undefined ? name : link(url, name)} <span class="quiet">${conclusion}</span></li>`)}</ul>`}
${reviews.length > 0 && markup`<ul class="checks">${reviews.map(({ by, state, current, head: of }) => markup`<li>${chip(state)} ${by}${!current && markup` <span class="quiet">for ${of.slice(0, 12)}, an earlier commit; it no longer counts</span>`}</li>`)}</ul>`}</section>`;
}

const refusalsSection = (refusals: Refusal[]): Markup | null =>
  refusals.length === 0
    ? null
    : markup`<section><h2>Refused outgoing requests <span class="quiet">${refusals.length}</span></h2>${refusalsView(refusals)}</section>`;

export const timeline = (events: readonly RunEvent[]): Markup =>
  markup`<ol class="timeline" id="timeline">${events.map(
    (event) =>
      markup`<li data-key="${event.key}">${clockTime(event.at)} <span class="kind">${event.type}</span> <span class="text">${event.text}</span></li>`,
  )}</ol>`;
