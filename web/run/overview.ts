import { formatUsd, microsOf } from '../../core/money/format.ts';
import { isFinal } from '../../core/run/status.ts';
import type { HostView, RunView } from '../../pipeline/service/service.ts';
import type { RunDetail } from '../../pipeline/view/run-detail.ts';
import { clockTime, duration, moment } from '../html/format.ts';
import { chip, facts } from '../html/layout.ts';
import { gatePath, link, type Markup, markup, runPath } from '../html/markup.ts';
import { partGraph } from '../html/part-graph.ts';
import type { PageContext } from '../options.ts';
import { errorBox } from '../pages/error.ts';
import type { Part } from '../part.ts';
import { saidSoFar } from './tell.ts';

interface OverviewParts {
  run: RunView;
  detail: RunDetail;
  host: Part<HostView | null>;
}

export function overview(context: PageContext, { run, detail, host }: OverviewParts): Markup {
  const working = !isFinal(run.status);
  return markup`<div class="two"><div>
${working && rightNow(context, run)}
${partsSection(run)}
${asked(detail)}
${hostSection(host, run)}
<section class="card" aria-labelledby="timeline-title"><h2 id="timeline-title">Timeline</h2><div id="events" data-fresh>${timeline(run)}</div></section>
</div><div>
<section class="card"><h2>Time and money</h2>${bars(detail)}
${facts([
  ['Estimate', detail.estimate ? formatUsd(detail.estimate.micros.expected) : null],
  ['At most', formatUsd(detail.capMicros)],
  ['Started', moment(run.createdAt, context.now)],
  ['Ended', run.endedAt === null ? null : moment(run.endedAt, context.now)],
])}</section>
${working && markup`<section class="card"><h2>Next</h2><p>${nextOf(detail)}</p></section>`}
<section class="card"><h2>Record</h2>${facts([
    ['Run', markup`<code>${run.runId}</code>`],
    ['Base', run.base === null ? null : markup`<code>${run.base}</code>`],
    ['Commit', run.commit === null ? null : markup`<code>${run.commit}</code>`],
    ['Spec', run.kind === 'task' ? markup`<code>${detail.specPath}</code>` : null],
    ['Tokens', `${run.cost.tokens.input} in, ${run.cost.tokens.output} out, ${run.cost.tokens.cached} cached`],
  ])}</section>
</div></div>`;
}

const rightNow = (context: PageContext, run: RunView): Markup =>
  markup`<section class="card"${run.status === 'waiting' && markup` hidden`}><h2>Right now</h2>
<p class="quiet small">${
    context.options.watch
      ? 'As the agent’s sandbox reports it.'
      : 'The agent’s activity appears when its phase ends; the page asks for news every few seconds.'
  }</p><ol class="log" data-log></ol></section>`;

/** The parts of a campaign, or the campaign that a run is a part of. */
function partsSection({ parts, parent }: RunView): Markup | null {
  if (parent)
    return markup`<p class="box">Part <code>${parent.part}</code> of <a href="${runPath(parent.runId)}">a campaign</a>.</p>`;
  if (!parts) return null;
  const done = parts.filter(({ merged }) => merged).length;
  return markup`<section class="card" id="parts" data-fresh><h2>Parts <span class="quiet">${done} of ${parts.length} are in the change</span></h2>${partGraph(parts)}<div class="scroll" tabindex="0" role="region" aria-label="Parts"><table><caption class="hidden">Parts of the campaign</caption><thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">After</th><th scope="col" class="number">Cost</th></tr></thead><tbody>${parts.map(
    (part) =>
      markup`<tr><td>${part.runId === null ? part.title : markup`<a href="${runPath(part.runId)}">${part.title}</a>`} <span class="quiet small">${part.id}${part.round > 1 && `, round ${part.round}`}</span></td><td>${chip(part.status)}${part.gate !== null && part.status === 'waiting' && markup` <a href="${gatePath(part.gate)}">Decide<span class="hidden"> about ${part.id}</span></a>`}${part.error && markup`<br><span class="quiet small">${part.error.name}</span>`}</td><td class="small">${part.dependsOn.join(', ')}</td><td class="number">${formatUsd(microsOf(part.usd.spent))}</td></tr>`,
  )}</tbody></table></div></section>`;
}

/** What was asked, and how each condition is held. */
export const asked = (detail: RunDetail): Markup =>
  markup`<section class="card" id="asked"><h2>Asked for</h2><p class="text">${detail.instructions}</p>
${
  detail.constraints.length > 0 &&
  markup`<h3>Constraints</h3><ul class="checks">${detail.constraints.map(
    ({ text, by }) => markup`<li>${held(by)} ${text}</li>`,
  )}</ul>`
}
${
  detail.criteria.length > 0 &&
  markup`<h3>Success criteria</h3><ul class="checks">${detail.criteria.map(
    ({ says, run, passed }) =>
      markup`<li>${run === null ? chip('told') : passed === null ? markup`<span class="chip">runs</span>` : passed ? markup`<span class="chip good">passed</span>` : markup`<span class="chip bad">failed</span>`} ${says}${run !== null && markup` <code>${run}</code>`}</li>`,
  )}</ul>`
}
${detail.added.constraints.length > 0 && markup`<h3>Added by people</h3><ul>${detail.added.constraints.map((text) => markup`<li class="text">${text}</li>`)}</ul>`}
${
  detail.added.answers.length > 0 &&
  markup`<h3>Answers</h3><ul>${detail.added.answers.map(
    ({ by, question, text }) =>
      markup`<li><span class="quiet text">${question}</span><br><strong>${by}</strong>: <span class="text">${text}</span></li>`,
  )}</ul>`
}
${saidSoFar(detail)}</section>`;

/** By what a constraint is held, with the colour of how far one may rely on it. */
const held = (by: 'guard' | 'test' | 'told'): Markup =>
  markup`<span class="chip${by === 'told' ? '' : ' good'}">${by}</span>`;

/** The parts of a run's time, drawn to scale. */
function bars({ steps }: RunDetail): Markup {
  const rows = steps.flatMap(({ name, ms, waitedMs, rounds }) => [
    ...(ms > 0 ? [{ name, ms, css: 'spent', more: rounds > 1 ? ` · ${rounds} rounds` : '' }] : []),
    ...(waitedMs > 1_000
      ? [
          {
            name: `${name === 'Plan approved' ? 'plan' : 'review'} waited`,
            ms: waitedMs,
            css: 'held',
            // Who decided stands at the step; a name has no room beside the longest bar.
            more: '',
          },
        ]
      : []),
  ]);
  if (rows.length === 0) return markup`<p class="quiet">No phase has ended yet.</p>`;
  const longest = Math.max(...rows.map(({ ms }) => ms));
  const height = 24;
  return markup`<svg class="chart" viewBox="0 0 280 ${rows.length * height}" width="280" height="${rows.length * height}" role="img" aria-label="Time by step">${rows.map(
    ({ name, ms, css, more }, i) =>
      markup`<text x="0" y="${i * height + 15}">${name.toLowerCase()}</text><rect class="${css}" x="92" y="${i * height + 5}" width="${Math.max(2, Math.round((ms / longest) * 80))}" height="13"></rect><text x="${98 + Math.max(2, Math.round((ms / longest) * 80))}" y="${i * height + 15}">${duration(ms)}${more}</text>`,
  )}</svg>`;
}

/** What follows, in one sentence. */
function nextOf({ steps, gate }: RunDetail): string {
  if (gate) return 'A person decides. The run continues with the decision.';
  const ahead = steps.filter(({ is }) => is === 'ahead').map(({ name }) => sentences[name] ?? name);
  return ahead.length === 0 ? 'The run ends.' : `Then ${sentence.format(ahead)}.`;
}

const sentence = new Intl.ListFormat('en');
const sentences: Record<string, string> = {
  Plan: 'the agent reads and plans',
  'Plan approved': 'a person approves the plan',
  Build: 'the agent builds',
  Verify: 'the change is verified in a clean sandbox',
  Answer: 'the agent answers',
  'Pull request': 'it is published as a draft',
  CI: 'CI checks it',
  Review: 'people review it',
  Ready: 'the pull request is marked ready',
};

/** Checks and reviews on the code host. An error of the host is shown only in this part. */
function hostSection(host: Part<HostView | null>, run: RunView): Markup | null {
  if ('error' in host) return markup`<section class="card"><h2>On the code host</h2>${errorBox(host.error)}</section>`;
  if (host.value === null) return null;
  const { checks, reviews, head } = host.value;
  return markup`<section class="card"><h2>On the code host</h2>${run.origin && markup`<p class="quiet">Started by the push of <code>${run.origin.commit.slice(0, 12)}</code> to <code>${run.origin.branch}</code>.</p>`}
${checks.length === 0 ? markup`<p class="quiet">No check has reported on <code>${head.slice(0, 12)}</code> yet.</p>` : markup`<ul class="checks">${checks.map(({ name, state, conclusion, url }) => markup`<li>${chip(state)} ${url === undefined ? name : link(url, name)} <span class="quiet">${conclusion}</span></li>`)}</ul>`}
${reviews.length > 0 && markup`<ul class="checks">${reviews.map(({ by, state, current, head: of }) => markup`<li>${chip(state)} ${by}${!current && markup` <span class="quiet">for ${of.slice(0, 12)}, an earlier commit; it no longer counts</span>`}</li>`)}</ul>`}</section>`;
}

export const timeline = ({ events }: Pick<RunView, 'events'>): Markup =>
  markup`<ol class="timeline" id="timeline">${events.map(
    (event) =>
      markup`<li data-key="${event.key}">${clockTime(event.at)} <span class="kind">${event.type}</span> <span class="text">${event.text}</span></li>`,
  )}</ol><p class="quiet small">Times are in UTC${events[0] && `; the first is of ${events[0].at.slice(0, 10)}`}.</p>`;
