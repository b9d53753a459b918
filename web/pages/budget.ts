import { formatUsd, usdOf } from '../../core/money/format.ts';
import type { BudgetView } from '../../core/ports/store/ledger.ts';
import type { RunItem } from '../../pipeline/view/run-item.ts';
import { type BurnUp, burnUp } from '../html/chart.ts';
import { count } from '../html/format.ts';
import { page, stateChip } from '../html/layout.ts';
import { type Markup, markup, runPath } from '../html/markup.ts';
import { tiles } from '../html/tiles.ts';
import type { PageContext } from '../options.ts';

const dayMs = 86_400_000;

/** The budget of each team's sprint: what is spent, held and free, where it leads to, and where it went. */
export function budgetPage(context: PageContext, budgets: readonly BudgetView[], runs: readonly RunItem[]): Markup {
  const known = new Map(runs.map((run) => [run.runId, run]));
  const body = markup`<div class="head"><h1>Budgets</h1>${budgets.length > 0 && markup`<p><a href="/budget.csv" download>Download CSV</a></p>`}</div>
${budgets.length === 0 && markup`<p class="empty">The policy defines no budgets.</p>`}
${budgets.map((budget) => section(context, budget, known))}`;
  return page(context, { title: 'Budgets', at: '/budget', body });
}

interface Sprint {
  start: number;
  days: number;
  /** Days since its start, with the fraction of today. */
  passed: number;
}

function sprintOf(context: PageContext, budget: BudgetView): Sprint {
  const days = context.options.policy.budgets[budget.team]?.sprint_days ?? 14;
  const start = Date.parse(budget.sprint);
  return { start, days, passed: Math.min(days, Math.max(0, (context.now - start) / dayMs)) };
}

const dateOf = (at: number): string =>
  new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

function section(context: PageContext, budget: BudgetView, known: ReadonlyMap<string, RunItem>): Markup {
  const { team, limitMicros, committedMicros, runs } = budget;
  const sprint = sprintOf(context, budget);
  const spentOf = (run: BudgetView['runs'][number]): number =>
    run.settledMicros ?? Math.min(run.reservedMicros, known.get(run.runId)?.spentMicros ?? 0);
  const spent = runs.reduce((sum, run) => sum + spentOf(run), 0);
  const held = Math.max(0, committedMicros - spent);
  const open = runs.filter(({ settledMicros }) => settledMicros === null).length;
  const forecast = sprint.passed > 0 ? (spent / sprint.passed) * sprint.days : 0;
  const percent = limitMicros === 0 ? 0 : Math.round((spent / limitMicros) * 100);
  const alerts = context.options.policy.budgets[team]?.alerts_percent ?? [];
  return markup`<section class="card"><div class="head"><h2>${team} <span class="quiet">sprint ${dateOf(sprint.start)} – ${dateOf(sprint.start + (sprint.days - 1) * dayMs)}, day ${Math.min(sprint.days, Math.floor(sprint.passed) + 1)} of ${sprint.days}</span></h2><p class="quiet">Alerts at ${alerts.map((each) => `${each} %`).join(', ') || 'no share'}</p></div>
${tiles([
  {
    name: 'Spent',
    value: formatUsd(spent),
    tone: percent >= 100 ? 'bad' : undefined,
    more: `${percent} % of ${formatUsd(limitMicros)}`,
  },
  { name: 'Held by open runs', value: formatUsd(held), more: `${count(open, 'run')}, worst case` },
  { name: 'Free for new runs', value: formatUsd(Math.max(0, limitMicros - committedMicros)), more: '' },
  {
    name: 'Forecast at the end',
    value: formatUsd(Math.round(forecast)),
    tone: forecast > limitMicros ? 'bad' : undefined,
    more: 'at the pace of this sprint',
  },
])}
${burnUp(chartOf(budget, sprint, known, spentOf, alerts, forecast))}
${runsTable(runs, known, spentOf)}</section>`;
}

/** Spent and held by day, as the starts and ends of the runs say. */
function chartOf(
  { runs, limitMicros }: BudgetView,
  { start, days, passed }: Sprint,
  known: ReadonlyMap<string, RunItem>,
  spentOf: (run: BudgetView['runs'][number]) => number,
  alerts: readonly number[],
  forecast: number,
): BurnUp {
  const points = Array.from({ length: Math.floor(passed || 0) + 2 }, (_, i) => Math.min(i, passed)).map((day) => {
    const at = start + day * dayMs;
    let [spent, held] = [0, 0];
    for (const run of runs) {
      const item = known.get(run.runId);
      const began = item ? Date.parse(item.createdAt) : start;
      const ended = item?.endedAt ? Date.parse(item.endedAt) : Number.POSITIVE_INFINITY;
      if (at < began) continue;
      if (run.settledMicros !== null && at >= ended) spent += spentOf(run);
      else if (at >= start + passed * dayMs)
        [spent, held] = [
          spent + spentOf(run),
          held + Math.max(0, run.settledMicros === null ? run.reservedMicros - spentOf(run) : 0),
        ];
      else held += run.reservedMicros;
    }
    return { day, spent, held };
  });
  return { points, days, start, limit: limitMicros, forecast, alerts };
}

const runsTable = (
  runs: BudgetView['runs'],
  known: ReadonlyMap<string, RunItem>,
  spentOf: (run: BudgetView['runs'][number]) => number,
): Markup | null =>
  runs.length === 0
    ? null
    : markup`<div class="scroll" tabindex="0" role="region" aria-label="Runs of the sprint"><table><caption>Runs of the sprint</caption><thead><tr><th scope="col">Task</th><th scope="col">State</th><th scope="col" class="number">Spent</th><th scope="col" class="number">Held</th></tr></thead><tbody>${runs
        .toSorted((a, b) => spentOf(b) - spentOf(a))
        .map((run) => {
          const item = known.get(run.runId);
          return markup`<tr><td><a href="${runPath(run.runId)}">${item?.title ?? run.taskId}</a> <span class="quiet">${run.taskId}</span></td><td>${item && stateChip(item.words)}</td><td class="number">${formatUsd(spentOf(run))}</td><td class="number">${run.settledMicros === null ? formatUsd(Math.max(0, run.reservedMicros - spentOf(run))) : ''}</td></tr>`;
        })}</tbody></table></div>`;

/** The runs of all budgets as CSV. A field that a spreadsheet would take for a formula gets an apostrophe. */
export function budgetRows(budgets: readonly BudgetView[]): string {
  const field = (value: string | number): string => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const rows = budgets.flatMap(({ team, sprint, runs }) =>
    runs.map((run) => [
      team,
      sprint,
      run.taskId,
      run.runId,
      usdOf(run.reservedMicros),
      run.settledMicros === null ? '' : usdOf(run.settledMicros),
    ]),
  );
  return [['team', 'sprint', 'task', 'run', 'reserved_usd', 'settled_usd'], ...rows]
    .map((row) => `${row.map(field).join(',')}\r\n`)
    .join('');
}
