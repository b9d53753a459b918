import type { Activity } from '../../pipeline/service/activity.ts';
import { clockTime, count } from '../html/format.ts';
import { type LogRow, rowsOf } from '../html/log-rows.ts';
import { type Markup, markup, withoutColours } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/** Which rows are shown. */
const shows: Record<string, { name: string; kinds: readonly LogRow['kind'][] }> = {
  all: { name: 'all', kinds: ['say', 'think', 'edit', 'run', 'other', 'error'] },
  edits: { name: 'edits', kinds: ['edit'] },
  commands: { name: 'commands', kinds: ['run', 'error'] },
  errors: { name: 'errors', kinds: ['error'] },
};

interface Shown {
  path: string;
  show: string;
  text: string;
}

/** What the agent said and did, phase by phase, as reported by its sandbox (R32). */
export function transcript(
  context: PageContext,
  phases: readonly Activity[],
  { path, show, text }: Shown,
  working: boolean,
): Markup {
  const kinds = (shows[show] ?? shows.all)?.kinds ?? [];
  const wanted = text.toLowerCase();
  const matches = ({ kind, text: said, more }: LogRow): boolean =>
    kinds.includes(kind) &&
    (wanted === '' || [said, ...more.map((each) => each.text)].some((each) => each.toLowerCase().includes(wanted)));
  return markup`<form class="filter" method="get" action="${path}" role="search"><label class="grow">Search <input type="search" name="q" value="${text}" maxlength="200"></label><label>Show <select name="show">${Object.entries(
    shows,
  ).map(
    ([name, { name: label }]) => markup`<option value="${name}"${name === show && markup` selected`}>${label}</option>`,
  )}</select></label><button type="submit" class="quiet">Filter</button></form>
<p class="quiet">Reported by the agent's sandbox: telemetry, not evidence. Times are in UTC.</p>
${phases.length === 0 && !working && markup`<p class="empty">No phase reported anything.</p>`}
${phases.map(({ phaseKey, events }, p) => {
  const [, name = '', round = '1', attempt = '1'] = phaseKey.split('/');
  const all = rowsOf(events);
  const rows = all.map((row, i) => ({ row, id: `e${p + 1}-${i + 1}` })).filter(({ row }) => matches(row));
  return markup`<section class="card"><h2>${name.charAt(0).toUpperCase()}${name.slice(1)}${Number(round) > 1 && `, round ${round}`}${Number(attempt) > 1 && `, try ${attempt}`} <span class="quiet">${rows.length === all.length ? count(all.length, 'row') : `${rows.length} of ${count(all.length, 'row')}`}</span></h2><ol class="log">${rows.map(
    ({ row, id }) => logRow(row, id),
  )}</ol></section>`;
})}
${working && markup`<section class="card"><h2>Now</h2><ol class="log" data-log></ol>${!context.options.watch && markup`<p class="quiet">The log of a phase is here when it ends.</p>`}</section>`}`;
}

const logRow = ({ at, icon, text, took, more, kind }: LogRow, id: string): Markup =>
  markup`<li id="${id}">${at === '' ? markup`<a href="#${id}"><span class="quiet">–</span></a>` : markup`<a href="#${id}">${clockTime(at)}</a>`}<span class="icon" aria-hidden="true">${icon}</span><span class="text">${kind === 'error' && markup`<span class="chip bad">failed</span> `}${withoutColours(text)}</span><span class="took">${took}</span>${
    more.length > 0 &&
    markup`<details><summary class="quiet">${more
      .map(({ name }) => name)
      .slice(0, 3)
      .join(', ')}</summary>${more.map(
      (each) =>
        markup`<h3>${each.name}</h3><pre class="wrap" tabindex="0" role="region" aria-label="${each.name}">${withoutColours(each.text)}</pre>`,
    )}</details>`
  }</li>`;
