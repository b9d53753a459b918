import { formatUsd } from '../../core/money/format.ts';
import { finalStatuses, type RunStatus, unfinishedStatuses } from '../../core/run/status.ts';
import type { RunList } from '../../pipeline/view/lists.ts';
import type { RunItem } from '../../pipeline/view/run-item.ts';
import { count, moment } from '../html/format.ts';
import { form, page, stateChip } from '../html/layout.ts';
import { gatePath, type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { visitorOf } from './needs.ts';

/** The filters of the list, as in its address. */
export interface RunsFilter {
  repo: string;
  team: string;
  state: string;
  by: string;
  q: string;
  before: string;
}

/** Groups of states that people look for; each is a filter of its own, too. */
const stateGroups: Record<string, { name: string; tone: string; statuses: readonly RunStatus[] }> = {
  waiting: { name: 'need a person', tone: 'wait', statuses: ['waiting'] },
  working: { name: 'working', tone: 'run', statuses: ['running'] },
  queued: { name: 'queued', tone: '', statuses: ['queued'] },
  delivered: { name: 'delivered', tone: 'good', statuses: ['delivered'] },
  ended: { name: 'ended by people', tone: 'gone', statuses: ['rejected', 'cancelled', 'superseded'] },
  failed: { name: 'failed', tone: 'bad', statuses: ['failed', 'over-budget'] },
};

const addressOf = (filter: Partial<RunsFilter>): string => {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''));
  return query.size === 0 ? '/runs' : `/runs?${query.toString()}`;
};

export function runsPage(context: PageContext, list: RunList, filter: RunsFilter, paused: boolean): Markup {
  const { items, unreadable, next, counts } = list;
  const filtered = Object.entries(filter).some(([name, value]) => value !== '' && name !== 'before');
  const body = markup`<div class="head"><h1>Runs</h1><p class="row">${Object.entries(stateGroups).map(
    ([state, group]) => counter(filter, state, group, counts),
  )}</p></div>
${paused && markup`<div class="box warn" role="status"><p><strong>Paused.</strong> New runs are not admitted; running runs continue. <a href="/settings">Settings</a></p></div>`}
${filterForm(filter)}
<div id="runs" data-fresh>${
    items.length > 0
      ? table(context, items)
      : markup`<p class="empty">${
          filtered
            ? markup`No run ${next === null ? 'matches' : 'on this page matches'} the filter. <a href="/runs">Show all</a>`
            : markup`No runs yet. Start one with <code>drydock run FILE</code>.`
        }</p>`
  }
${unreadable.length > 0 && markup`<p class="box bad">${count(unreadable.length, 'record')} cannot be read: ${unreadable.map((id) => markup`<code>${id}</code> `)}</p>`}</div>
<nav class="row" aria-label="Pages of the list">${filter.before !== '' && markup`<a href="${addressOf({ ...filter, before: '' })}">Newest</a>`}${next !== null && markup` <a href="${addressOf({ ...filter, before: next })}" rel="next">Older runs</a>`}</nav>`;
  const live = filter.before === '' ? ('slow' as const) : undefined;
  return page({ ...context, ...badge(list, filtered, context) }, { title: 'Runs', at: '/runs', body, live });
}

/** Known without another question only while the page has all that waits. */
const badge = ({ items, counts }: RunList, filtered: boolean, context: PageContext): { badge?: number } => {
  const waiting = items.filter(({ gate }) => gate !== null);
  if (filtered || counts === null || (counts?.waiting ?? 0) > waiting.length) return {};
  const person = visitorOf(context);
  return { badge: waiting.filter(({ gate }) => gate?.may.includes(person)).length };
};

function counter(
  filter: RunsFilter,
  state: string,
  { name, tone, statuses }: (typeof stateGroups)[string],
  counts: RunList['counts'],
): Markup | null {
  const n = counts && statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  const chosen = filter.state === state;
  if (n === 0 && !chosen) return null;
  return markup`<a class="chip ${tone}" href="${addressOf({ ...filter, state: chosen ? '' : state, before: '' })}"${chosen && markup` aria-current="true"`}>${n !== null && `${n} `}${name}</a>`;
}

export const table = (context: PageContext, items: readonly RunItem[]): Markup =>
  markup`<div class="card"><table class="runs"><thead><tr><th scope="col">Task</th><th scope="col">State</th><th scope="col">What</th><th scope="col">By</th><th scope="col" class="number">Cost</th><th scope="col" class="number">Started</th></tr></thead><tbody>${items.map(
    (item) => row(context, item),
  )}</tbody></table></div>`;

function row({ now }: PageContext, item: RunItem): Markup {
  const { gate, words } = item;
  const chip = stateChip(words);
  return markup`<tr><td><a class="title" href="${runPath(item.runId)}">${item.title}</a><br><span class="quiet small">${item.taskId} · ${item.repository}${item.attempt > 1 && ` · attempt ${item.attempt}`}</span></td>
<td>${gate ? markup`<a href="${gatePath(gate.gateId)}">${chip}</a>` : chip}</td>
<td class="what small">${item.what}</td><td class="small">${item.requester}</td>
<td class="number">${formatUsd(item.spentMicros)}</td><td class="number small">${moment(item.createdAt, now)}</td></tr>`;
}

const filterForm = (
  filter: RunsFilter,
): Markup => markup`<form class="filter" method="get" action="/runs" role="search">
${filter.state !== '' && markup`<input type="hidden" name="state" value="${filter.state}">`}
<label class="grow">Search <input type="search" name="q" value="${filter.q}" maxlength="200" placeholder="task, title, branch"></label>
<label>Repository <input name="repo" value="${filter.repo}" maxlength="200" placeholder="any"></label>
<label>Team <input name="team" value="${filter.team}" maxlength="200" placeholder="any"></label>
<label>Asked by <input name="by" value="${filter.by}" maxlength="200" placeholder="anybody"></label>
<button type="submit" class="quiet">Filter</button>
</form>`;

/** The statuses of a filter: of a group, or one by its name; undefined for any. */
export function statusesOf(state: string): readonly RunStatus[] | undefined {
  if (Object.hasOwn(stateGroups, state)) return stateGroups[state]?.statuses;
  const named = [...unfinishedStatuses, ...finalStatuses].filter((each) => each === state);
  return named.length === 0 ? undefined : named;
}

export const pauseForm = (context: PageContext, paused: boolean): Markup =>
  form(
    context,
    '/pause',
    paused
      ? markup`<input type="hidden" name="paused" value="no"><p>New runs are not admitted; running runs continue.</p><button type="submit">Admit runs again</button>`
      : markup`<input type="hidden" name="paused" value="yes"><p>Running runs continue; new ones wait.</p><label>Reason <input name="reason" maxlength="500" required></label><button type="submit" class="danger">Pause new runs</button>`,
  );
