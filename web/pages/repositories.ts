import { formatUsd } from '../../core/money/format.ts';
import type { RunList } from '../../pipeline/view/lists.ts';
import type { RunItem } from '../../pipeline/view/run-item.ts';
import { count } from '../html/format.ts';
import { facts, fold, form, page } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import { table } from '../lists/runs.ts';
import type { PageContext } from '../options.ts';

interface RepositoryRuns {
  name: string;
  /** Its newest runs. */
  items: readonly RunItem[];
  counts: RunList['counts'];
}

const shownRuns = 5;

/** The repositories of the policy, each with how its runs end and what they cost. */
export function repositoriesPage(context: PageContext, repositories: readonly RepositoryRuns[]): Markup {
  const { policy } = context.options;
  const body = markup`<div class="head"><h1>Repositories</h1><p class="quiet">${count(repositories.length, 'repository', 'repositories')}</p></div>
${repositories.length === 0 && markup`<p class="empty">The policy lists no repository.</p>`}
${repositories.map(({ name, items, counts }, i) => {
  const listed = policy.repositories[name];
  return markup`<section class="card"><div class="head"><h2><a href="/runs?repo=${encodeURIComponent(name)}">${name}</a></h2><p class="quiet">${listed?.host} · specs from ${listed?.trusted_branches.join(', ')}${listed?.team !== undefined && ` · team ${listed.team}`} · <a href="/repositories/memory?repo=${encodeURIComponent(name)}">Runbooks and lessons<span class="hidden"> of ${name}</span></a></p></div>
${facts(figures(items, counts))}
${items.length === 0 ? markup`<p class="quiet">No runs yet. Start one: <code>drydock run FILE</code>, with a spec of this repository under <code>.agent-tasks/</code>.</p>` : table(context, items.slice(0, shownRuns))}
${fold('Ask for a task in plain language', draftForm(context, name, i))}</section>`;
})}`;
  return page(context, { title: 'Repositories', at: '/repositories', body });
}

/** A request that an agent turns into a task spec, or into questions. */
const draftForm = (context: PageContext, repository: string, i: number): Markup =>
  form(
    context,
    '/repositories/draft',
    markup`<input type="hidden" name="repository" value="${repository}">
<label for="draft-${i}">What do you want to have done?</label><textarea id="draft-${i}" name="text" rows="4" required maxlength="20000"></textarea>
<p class="quiet small">An agent reads the repository, asks what it has to know, and opens a pull request with a task spec. Its merge starts the task. This costs money, up to what the policy allows.</p>
<label class="option"><input type="checkbox" name="assume" value="yes"> <span>Ask me nothing: mark what is assumed</span></label>
<button type="submit">Draft a task</button>`,
  );

/** How the newest runs ended. */
function figures(items: readonly RunItem[], counts: RunList['counts']): [string, string | null][] {
  const all = counts && Object.values(counts).reduce((sum, n) => sum + n, 0);
  const ended = items.filter(
    ({ endedAt, status }) => endedAt !== null && status !== 'duplicate' && status !== 'dry-run',
  );
  const delivered = ended.filter(({ status }) => status === 'delivered');
  const costs = delivered.map(({ spentMicros }) => spentMicros).sort((a, b) => a - b);
  const median = costs[Math.floor((costs.length - 1) / 2)];
  return [
    ['Runs', all === null ? null : String(all)],
    ['Delivered', ended.length === 0 ? null : `${delivered.length} of the last ${ended.length} that ended`],
    ['Cost of a delivered change', median === undefined ? null : `${formatUsd(median)}, the median`],
  ];
}
