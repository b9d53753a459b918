import { formatUsd } from '../../core/money/format.ts';
import { isFinal } from '../../core/run/status.ts';
import type { RunView } from '../../pipeline/service/service.ts';
import type { RunDetail } from '../../pipeline/view/run-detail.ts';
import type { StepView } from '../../pipeline/view/steps.ts';
import { count, duration } from '../html/format.ts';
import { facts, fold, form, page, stateChip, tabs } from '../html/layout.ts';
import { gatePath, link, type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { errorBox } from '../pages/error.ts';
import { tellForm } from './tell.ts';

/** A tab of a run's page: the end of its path, which is empty for the first. */
export type Tab = '' | 'plan' | 'change' | 'evidence' | 'activity' | 'cost' | 'audit';

/** Reload interval of browsers without JavaScript, while something happens by itself. */
const refreshSeconds = 30;

/** The page of a run: what it is and where it stands, above the tab that is shown. */
export function runFrame(context: PageContext, run: RunView, detail: RunDetail, tab: Tab, content: Markup): Markup {
  const path = runPath(run.runId);
  const working = !isFinal(run.status);
  const body = markup`<p class="trail"><a href="/runs?repo=${encodeURIComponent(run.repository)}">${run.repository}</a> › ${run.taskId}</p>
<div id="state" data-fresh><div class="head"><h1>${detail.title}</h1><p class="row" id="status">${stateChip(detail.words, durationOf(run, context.now))}${working && cancelLink(path)}</p></div>
${stepper(detail.steps)}
${tab === '' && run.error && errorBox(run.error)}
${gateBox(detail)}
${header(run, detail)}</div>
${tabs('Parts of the run', tabsOf(path, run, detail), tab === '' ? path : `${path}/${tab}`)}
${content}
${tab === '' && actions(context, run)}`;
  // What happens on its own is worth a reload; a wait for a person may last for days.
  const reloads = working && run.status !== 'waiting' && tab !== 'change';
  return page(context, {
    title: `${detail.title} (${run.taskId})`,
    at: '/runs',
    body,
    ...(working ? { live: context.options.watch ? 'stream' : 'poll', follow: `${path}/follow` } : {}),
    refreshSeconds: reloads ? refreshSeconds : undefined,
  });
}

const durationOf = (run: RunView, now: number): string =>
  run.endedAt === null && run.status !== 'waiting' ? `, ${duration(now - Date.parse(run.createdAt))}` : '';

const cancelLink = (path: string): Markup => markup`<a class="button danger small" href="${path}#cancel">Cancel…</a>`;

const tabsOf = (path: string, run: RunView, detail: RunDetail): [string, string | Markup][] => [
  [path, 'Overview'],
  ...(run.kind === 'task' ? ([[`${path}/plan`, 'Plan']] as [string, string][]) : []),
  [`${path}/change`, detail.changedFiles > 0 ? `Change ${detail.changedFiles}` : 'Change'],
  [`${path}/evidence`, 'Evidence'],
  [`${path}/activity`, 'What the agent did'],
  [`${path}/cost`, 'Cost'],
  [`${path}/audit`, 'Audit'],
];

const stepper = (steps: readonly StepView[]): Markup =>
  markup`<ol class="steps" aria-label="Steps of the run">${steps.map(
    (step) =>
      markup`<li class="${step.is}"${(step.is === 'now' || step.is === 'waits') && markup` aria-current="step"`}>${step.name}<span class="hidden">: ${said[step.is]}</span><small>${underStep(step)}</small></li>`,
  )}</ol>`;

const said: Record<StepView['is'], string> = {
  done: 'done',
  now: 'in progress',
  waits: 'waits',
  ended: 'ended here',
  ahead: 'not yet',
  'left-out': 'not needed',
};

function underStep({ is, ms, rounds, by, waitedMs, openMs = waitedMs }: StepView): string {
  if (is === 'left-out') return 'not needed';
  return [
    ...(rounds > 1 || (rounds > 0 && is === 'now') ? [`round ${rounds}`] : []),
    ...(ms > 0 ? [duration(ms)] : []),
    ...(by.length > 0 ? [`${by.join(', ')}${waitedMs > 1_000 ? `, waited ${duration(waitedMs)}` : ''}`] : []),
    ...(is === 'waits' && openMs > 0 ? [`waits ${duration(openMs)}`] : []),
  ].join(' · ');
}

const gateBox = ({ gate }: RunDetail): Markup | null =>
  gate &&
  markup`<div class="box warn row"><p><strong>Waiting for a person.</strong> ${gate.stake} Nothing runs during the wait.</p><a class="button" href="${gatePath(gate.gateId)}">Open the decision</a></div>`;

const header = (run: RunView, detail: RunDetail): Markup =>
  facts([
    ['Cost', markup`${formatUsd(detail.spentMicros)} <span class="quiet">of ${formatUsd(detail.capMicros)}</span>`],
    ['Asked by', detail.requester],
    ['Agent', detail.model === null ? detail.agent : `${detail.agent} · ${detail.model}`],
    ['Branch', markup`<code>${run.branch}</code>`],
    ['Team', detail.team],
    [
      'Pull request',
      run.pullRequest
        ? markup`${link(run.pullRequest.url, `#${run.pullRequest.id}`)}${run.pullRequest.draft && ' (draft)'}`
        : null,
    ],
    ['Attempt', detail.attempts.length < 2 ? null : attempts(run, detail)],
  ]);

const attempts = (run: RunView, { attempts: all }: RunDetail): Markup =>
  markup`${run.attempt} <span class="quiet">of ${count(all.length, 'attempt')}:</span> ${all.map(
    ({ runId, attempt }) => (runId === run.runId ? null : markup`<a href="${runPath(runId)}">${attempt}</a> `),
  )}`;

const actions = (context: PageContext, run: RunView): Markup | null => {
  const path = runPath(run.runId);
  // A part is done again by its campaign.
  if (isFinal(run.status) && run.parent) return null;
  return isFinal(run.status)
    ? markup`<section>${fold('Start another attempt', form(context, `${path}/retry`, markup`<p>It starts from the beginning and has its own budget of the same size.</p><button type="submit" class="quiet">Start another attempt</button>`))}</section>`
    : markup`${tellForm(context, path)}<section class="card choice" id="cancel"><h2>Cancel this run</h2>${form(
        context,
        `${path}/cancel`,
        markup`<label>Reason <input name="reason" maxlength="500" required></label><button type="submit" class="danger">Cancel the run</button>`,
      )}</section>`;
};
