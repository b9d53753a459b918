import type { Audit } from '../../pipeline/service/service.ts';
import type { RunItem } from '../../pipeline/view/run-item.ts';
import { page } from '../html/layout.ts';
import { type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/** An event of a run in the list of all. */
interface AuditRow {
  at: string;
  who: string;
  what: string;
  text: string;
  runId: string;
  taskId: string;
}

interface AuditParts {
  items: readonly RunItem[];
  trails: readonly Audit[];
  filter: { who: string; what: string; q: string; before: string };
  next: string | null;
}

/** What happened in the runs of a page, newest first, by person and kind. */
export function auditPage(context: PageContext, { items, trails, filter, next }: AuditParts): Markup {
  const rows = trails
    .flatMap(rowsOf)
    .filter(({ who }) => filter.who === '' || who.toLowerCase().includes(filter.who.toLowerCase()))
    .filter(({ what }) => filter.what === '' || what === filter.what)
    .sort((a, b) => (a.at > b.at ? -1 : 1));
  const kinds = [...new Set(trails.flatMap(rowsOf).map(({ what }) => what))].sort();
  const older = new URLSearchParams(
    Object.entries({ ...filter, before: next ?? '' }).filter(([, value]) => value !== ''),
  );
  const body = markup`<div class="head"><h1>Audit</h1><p class="quiet">of ${items.length} runs${filter.before === '' ? ', the newest' : ''}</p></div>
<form class="filter" method="get" action="/audit" role="search"><label class="grow">Run <input type="search" name="q" value="${filter.q}" maxlength="200" placeholder="task, title, repository"></label><label>Who <input name="who" value="${filter.who}" maxlength="200" placeholder="anybody"></label><label>What <select name="what"><option value="">anything</option>${kinds.map(
    (kind) => markup`<option${kind === filter.what && markup` selected`}>${kind}</option>`,
  )}</select></label><button type="submit" class="quiet">Filter</button></form>
${
  rows.length === 0
    ? markup`<p class="empty">Nothing matches on this page.</p>`
    : markup`<div class="card scroll" tabindex="0" role="region" aria-label="Events"><table><caption class="hidden">Events of the runs</caption><thead><tr><th scope="col">When (UTC)</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Run</th><th scope="col">Text</th></tr></thead><tbody>${rows.map(
        ({ at, who, what, text, runId, taskId }) =>
          markup`<tr><td class="small"><time datetime="${at}">${at.slice(0, 16).replace('T', ' ')}</time></td><td>${who}</td><td>${what}</td><td><a href="${runPath(runId)}/audit">${taskId}</a></td><td class="text small">${text}</td></tr>`,
      )}</tbody></table></div>`
}
${next !== null && markup`<p><a href="/audit?${older.toString()}" rel="next">Older runs</a></p>`}`;
  return page(context, { title: 'Audit', at: '/audit', body });
}

const maxText = 300;

/** Where the text of an event has the person. */
const persons: Record<string, RegExp | undefined> = {
  vote: /^(.+?): /,
  remark: /^(.+?): /,
  stopped: /^\w+ by (.+?): /,
};

/** Events, with the person where an event is of one. */
const rowsOf = ({ runId, taskId, requester, events }: Audit): AuditRow[] =>
  events.map(({ at, type, text }) => {
    const who = type === 'claimed' ? requester : (persons[type]?.exec(text)?.[1] ?? '');
    return { at, who, what: type, text: text.slice(0, maxText), runId, taskId };
  });
