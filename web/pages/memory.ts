import type { RepositoryMemory } from '../../pipeline/memory/repository-memory.ts';
import { count } from '../html/format.ts';
import { chip, fold, page } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/** The runbooks and lessons of a repository, which change by pull request. */
export function memoryPage(context: PageContext, repository: string, memory: RepositoryMemory): Markup {
  const { branch, runbooks, lessons } = memory;
  const body = markup`<p class="trail"><a href="/repositories">Repositories</a> › ${repository}</p>
<div class="head"><h1>Runbooks and lessons</h1><p class="quiet">${branch === null ? 'no trusted branch exists' : markup`at the head of <code>${branch}</code>; they change by pull request`}</p></div>
<section class="card"><h2>Runbooks <span class="quiet">${count(runbooks.length, 'file')}</span></h2>
${runbooks.length === 0 && markup`<p class="empty">None yet. Write one: <code>drydock runbook new NAME</code>.</p>`}
${runbooks.map(
  ({ name, version, description, parameters, triggers, problems }) =>
    markup`<article><h3>${name}${version !== null && markup` <span class="quiet small">version ${version}</span>`}</h3>
${description !== null && markup`<p class="text">${description}</p>`}${errors(problems)}
${parameters.length > 0 && markup`<ul>${parameters.map((each) => markup`<li><code>${each.name}</code> <span class="text">${each.description}</span></li>`)}</ul>`}
${triggers.length > 0 && markup`<p class="small">Started by ${triggers.join('; ')}.</p>`}
<p class="small"><code>drydock runbook use ${name}${parameters.map((each) => ` -p ${each.name}=…`).join('')} --open-pr</code></p></article>`,
)}</section>
<section class="card"><h2>Lessons <span class="quiet">${count(lessons.filter(({ active }) => active).length, 'lesson')} in prompts</span></h2>
${lessons.length === 0 && markup`<p class="empty">None yet. Write one: <code>drydock knowledge add NAME</code>.</p>`}
${lessons.map(
  ({ slug, text, appliesTo, added, reviewBy, active, problems }) =>
    markup`<article><h3>${slug} ${!active && chip('not-in-prompts')}</h3><p class="text">${text}</p>${errors(problems)}
<p class="quiet small">For ${appliesTo.join(', ')}${added !== null && `; added ${added}`}${reviewBy !== null && `; to be reviewed by ${reviewBy}`}</p></article>`,
)}</section>`;
  return page(context, { title: `Runbooks and lessons of ${repository}`, at: '/repositories', body });
}

const errors = (problems: readonly string[]): Markup | false =>
  problems.length > 0 &&
  fold(
    count(problems.length, 'problem'),
    markup`<ul>${problems.map((text) => markup`<li class="text">${text}</li>`)}</ul>`,
    true,
  );
