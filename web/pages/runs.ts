import { formatUsd, microsOf } from '../../core/money/format.ts';
import { finalStatuses, unfinishedStatuses } from '../../core/run/status.ts';
import type { RunView } from '../../pipeline/service/service.ts';
import { count, moment } from '../html/format.ts';
import { chip, form, page } from '../html/layout.ts';
import { gatePath, type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

type Row = Omit<RunView, 'events'>;

interface Filter {
  status: string;
  text: string;
}

/** The open gate that a person can decide; the gate of a queued run waits for the scheduler. */
export const openGate = (run: Row): string | null => (run.status === 'waiting' ? run.gate : null);

/** Runs that match a filter: first those that wait for a person, then the newest. */
function selectRuns(runs: Row[], { status, text }: Filter): Row[] {
  const wanted = text.toLowerCase();
  return runs
    .filter((run) => status === '' || run.status === status)
    .filter((run) =>
      [run.taskId, run.repository, run.runId, run.branch].some((field) => field.toLowerCase().includes(wanted)),
    )
    .sort(
      (a, b) =>
        Number(openGate(b) !== null) - Number(openGate(a) !== null) ||
        Date.parse(b.createdAt) - Date.parse(a.createdAt),
    );
}

export function runsPage(context: PageContext, all: Row[], filter: Filter, paused: boolean): Markup {
  const runs = selectRuns(all, filter);
  const waiting = all.filter((run) => openGate(run) !== null).length;
  const body = markup`<div class="head"><h1>Runs</h1>
<p class="quiet">${count(all.length, 'run')}, ${waiting === 0 ? 'nothing waits for a person' : `${waiting} waiting for a person`}</p></div>
${pauseBox(context, paused)}
${filterForm(filter)}
${
  runs.length > 0
    ? markup`<ul class="runs">${runs.map((run) => row(context, run))}</ul>`
    : markup`<p class="empty">${
        all.length === 0
          ? markup`No runs yet. Start one with <code>drydock run FILE</code>.`
          : markup`No run matches the filter. <a href="/runs">Show all</a>`
      }</p>`
}`;
  return page(context, { title: 'Runs', at: '/runs', body });
}

const row = ({ now }: PageContext, run: Row): Markup => {
  const gate = openGate(run);
  return markup`<li${gate !== null && markup` class="open"`}>
<span class="task"><a href="${runPath(run.runId)}">${run.taskId}</a>${run.attempt > 1 && markup` <span class="quiet">attempt ${run.attempt}</span>`}</span>
<span class="status">${chip(run.status)} <span class="quiet">${run.state}</span></span>
<span class="where">${run.repository}</span>
<span class="cost">${formatUsd(microsOf(run.cost.usd))}</span>
<span class="age">${moment(run.createdAt, now)}</span>
${gate !== null && markup`<a class="button small" href="${gatePath(gate)}">Decide<span class="hidden"> about ${run.taskId}</span></a>`}
${run.error && markup`<span class="fault">${run.error.name}</span>`}
</li>`;
};

const filterForm = ({
  status,
  text,
}: Filter): Markup => markup`<form class="filter" method="get" action="/runs" role="search">
<label>Status <select name="status"><option value="">any</option>${[...unfinishedStatuses, ...finalStatuses].map(
  (name) => markup`<option${name === status && markup` selected`}>${name}</option>`,
)}</select></label>
<label>Text <input type="search" name="q" value="${text}" placeholder="task, repository, branch"></label>
<button type="submit" class="quiet">Filter</button>
</form>`;

const pauseBox = (context: PageContext, paused: boolean): Markup =>
  paused
    ? markup`<div class="box warn" role="status"><p><strong>Paused.</strong> New runs are not admitted; running runs continue.</p>${form(
        context,
        '/pause',
        markup`<input type="hidden" name="paused" value="no"><button type="submit">Admit runs again</button>`,
      )}</div>`
    : form(
        context,
        '/pause',
        markup`<input type="hidden" name="paused" value="yes"><button type="submit" class="quiet small">Pause new runs</button>`,
        'corner',
      );
