import { z } from 'zod';
import type { EvalResult } from './run-task.ts';

export interface EvalReport {
  promptVersion: string;
  /** The agent and its model, or that it is recorded. */
  agent: string;
  results: EvalResult[];
}

const yes = (value: boolean): string => (value ? 'yes' : 'no');

/** A line for each task, and the sums. */
export function table({ agent, promptVersion, results }: EvalReport): string {
  const rows = results.map((one) => [
    one.task,
    yes(one.solved),
    yes(one.delivered),
    yes(one.verified),
    String(one.reworkRounds),
    `$${one.usd.toFixed(4)}`,
    `${one.seconds.toFixed(1)} s`,
    [one.why, ...one.happened].filter((text) => text !== undefined).join('; '),
  ]);
  const sum = (of: (one: EvalResult) => number): number => results.reduce((total, one) => total + of(one), 0);
  const solved = sum(({ solved: is }) => Number(is));
  const head = ['task', 'solved', 'delivered', 'verified', 'rework', 'cost', 'time', ''];
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    `${agent}, prompt ${promptVersion}`,
    line(head),
    ...rows.map(line),
    `${solved} of ${results.length} solved, $${sum(({ usd }) => usd).toFixed(4)}, ${sum(({ reworkRounds }) => reworkRounds)} rounds of rework`,
  ].join('\n');
}

/** What is read of an earlier report. */
export const earlierReport = z.object({
  promptVersion: z.string(),
  agent: z.string(),
  results: z.array(
    z.object({
      task: z.string(),
      solved: z.boolean(),
      happened: z.array(z.string()),
      usd: z.number(),
      reworkRounds: z.number(),
    }),
  ),
});
type Earlier = z.infer<typeof earlierReport>;

/** A sum that grew by less is noise. */
const tolerance = 1.2;

/** What is worse than before, a line each; and what is better. A task that ran more than once counts with its share. */
export function compare(before: Earlier, now: EvalReport): { worse: string[]; better: string[] } {
  const worse: string[] = [];
  const better: string[] = [];
  const share = (results: { task: string; solved: boolean }[], task: string): number => {
    const own = results.filter((one) => one.task === task);
    return own.filter(({ solved }) => solved).length / own.length;
  };
  const tasks = [...new Set(now.results.map(({ task }) => task))];
  for (const task of tasks.filter((name) => before.results.some((one) => one.task === name))) {
    const [was, is] = [share(before.results, task), share(now.results, task)];
    const text = `${task}: solved ${Math.round(was * 100)} % before, ${Math.round(is * 100)} % now`;
    if (is < was) worse.push(text);
    if (is > was) better.push(text);
    const had = new Set(before.results.filter((one) => one.task === task).flatMap(({ happened }) => happened));
    for (const { happened } of now.results.filter((one) => one.task === task))
      worse.push(
        ...happened.filter((what) => !had.has(what)).map((what) => `${task}: ${what}, which did not happen before`),
      );
  }
  const compared = new Set(before.results.map(({ task }) => task));
  const mean = (results: Earlier['results'], of: (one: Earlier['results'][number]) => number): number => {
    const own = results.filter(({ task }) => compared.has(task) && tasks.includes(task));
    return own.length === 0 ? 0 : own.reduce((total, one) => total + of(one), 0) / own.length;
  };
  const [cost, costNow] = [mean(before.results, ({ usd }) => usd), mean(now.results, ({ usd }) => usd)];
  const text = `cost of a task: $${cost.toFixed(4)} before, $${costNow.toFixed(4)} now`;
  if (costNow > cost * tolerance) worse.push(text);
  if (costNow * tolerance < cost) better.push(text);
  return { worse, better };
}
