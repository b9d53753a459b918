import { formatUsd } from '../../core/money/format.ts';
import type { BudgetView } from '../../core/ports/store/ledger.ts';
import { facts, page } from '../html/layout.ts';
import { type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/** The budget of each team's sprint, with the cost of its runs. */
export function budgetPage(context: PageContext, budgets: readonly BudgetView[]): Markup {
  const body = markup`<div class="head"><h1>Budget</h1></div>
${budgets.length === 0 && markup`<p class="empty">The policy defines no budgets.</p>`}
${budgets.map(
  (budget) => markup`<section><h2>${budget.team} <span class="quiet">sprint from ${budget.sprint}</span></h2>
<p><meter min="0" max="${budget.limitMicros}" value="${budget.committedMicros}" aria-label="Committed of the limit">${formatUsd(budget.committedMicros)}</meter></p>
${facts([
  ['Committed', `${formatUsd(budget.committedMicros)} of ${formatUsd(budget.limitMicros)}`],
  ['Settled', formatUsd(budget.settledMicros)],
  ['Left', formatUsd(budget.limitMicros - budget.committedMicros)],
])}
${
  budget.runs.length > 0 &&
  markup`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Task</th><th scope="col" class="number">Reserved</th><th scope="col" class="number">Settled</th></tr></thead><tbody>${budget.runs.map(
    (run) =>
      markup`<tr><td><a href="${runPath(run.runId)}">${run.taskId}</a></td><td class="number">${formatUsd(run.reservedMicros)}</td><td class="number">${run.settledMicros === null ? '' : formatUsd(run.settledMicros)}</td></tr>`,
  )}</tbody></table></div>`
}</section>`,
)}`;

  return page(context, { title: 'Budget', at: '/budget', body });
}
