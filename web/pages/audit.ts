import type { AuditLine } from '../../core/audit/line.ts';
import type { AuditPage } from '../../pipeline/audit/search.ts';
import type { AuditCheck } from '../../pipeline/audit/verify.ts';
import { count } from '../html/format.ts';
import { page } from '../html/layout.ts';
import { type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

export interface AuditFilter {
  who: string;
  what: string;
  path: string;
  since: string;
  until: string;
  q: string;
  before: string;
}

/** Kinds that people look for; any other can be typed. */
const kinds = ['vote', 'vote-refused', 'stopped', 'paused', 'resumed', 'sign-in', 'sign-in-refused', 'request-refused', 'webhook-refused', 'run-ended', 'ended']; // biome-ignore format: names

/** What happened in all runs and beside them, newest first. @param check Its result, if it was asked for. */
export function auditPage(
  context: PageContext,
  { lines, runs, next }: AuditPage,
  filter: AuditFilter,
  check: AuditCheck | null,
): Markup {
  const query = (more: Partial<AuditFilter> & { check?: string }): string =>
    new URLSearchParams(Object.entries({ ...filter, ...more }).filter(([, value]) => value !== '')).toString();
  const input = (name: 'who' | 'what' | 'path' | 'since' | 'until', label: string, hint: string): Markup =>
    markup`<label>${label} <input name="${name}" value="${filter[name]}" maxlength="200" placeholder="${hint}"${name === 'what' && markup` list="kinds"`}></label>`;
  const body = markup`<div class="head"><h1>Audit</h1><p class="quiet">of ${count(runs, 'run')}${filter.before === '' ? ', the newest' : ''}</p></div>
<form class="filter" method="get" action="/audit" role="search"><label class="grow">Says <input type="search" name="q" value="${filter.q}" maxlength="200" placeholder="text or task"></label>${input('who', 'Who', 'anybody')}${input('what', 'What', 'anything')}${input('path', 'Path', 'src/auth')}${input('since', 'Since', '2026-11-01')}${input('until', 'Until', '2026-12-01')}<datalist id="kinds">${kinds.map((kind) => markup`<option value="${kind}"></option>`)}</datalist><button type="submit" class="quiet">Filter</button></form>
<p><a href="/audit?${query({ check: 'yes' })}">Check the chain</a> · <a href="/audit.csv?${query({})}" download>CSV</a> · <a href="/audit.jsonl?${query({})}" download>JSON Lines</a></p>
${check && checkBox(check)}
${lines.length === 0 ? markup`<p class="empty">Nothing matches on this page.</p>` : tableOf(lines)}
${next !== null && markup`<p><a href="/audit?${query({ before: next })}" rel="next">Older runs</a></p>`}`;
  return page(context, { title: 'Audit', at: '/audit', body });
}

const tableOf = (lines: readonly AuditLine[]): Markup =>
  markup`<div class="card scroll" tabindex="0" role="region" aria-label="Lines of the audit"><table><caption class="hidden">Lines of the audit</caption><thead><tr><th scope="col">When (UTC)</th><th scope="col">Who</th><th scope="col">Where</th><th scope="col">What</th><th scope="col">Run</th><th scope="col">Text</th></tr></thead><tbody>${lines.map(
    ({ chain, taskId, at, who, channel, what, why }) =>
      markup`<tr><td class="small"><time datetime="${at}">${at.slice(0, 16).replace('T', ' ')}</time></td><td>${who}</td><td>${channel}</td><td>${what}</td><td>${taskId === '' ? 'deployment' : markup`<a href="${runPath(chain)}/audit">${taskId}</a>`}</td><td class="text small">${why.slice(0, maxText)}</td></tr>`,
  )}</tbody></table></div>`;

const maxText = 300;

function checkBox({ ok, runs, beforeChain, broken, deployment }: AuditCheck): Markup {
  const bad = [...(deployment && !deployment.ok ? [deployment] : []), ...broken];
  const old = beforeChain > 0 && `, ${beforeChain} of them from before the chain`;
  return ok
    ? markup`<div class="box" role="status"><p><strong>The audit is what was written</strong>: ${count(runs, 'run')}${old}.${deployment?.head && markup` Head: line ${deployment.head.seq}, <code>${deployment.head.hash}</code>.`}</p></div>`
    : markup`<div class="box bad" role="status"><p><strong>The audit was changed.</strong></p><ul>${bad.map(({ chain, fault }) => markup`<li><code>${chain}</code>, line ${fault?.seq}: ${fault?.what}</li>`)}</ul></div>`;
}
