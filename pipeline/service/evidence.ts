import type { Estimate } from '../../core/money/estimate.ts';
import { type Plan, plan as planSchema } from '../../core/plan/schema.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { type ReviewFacts, reviewFactsOf } from '../asks/review.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import { accessRepository, loadTask } from '../runs/run-context.ts';
import type { RunView } from './view.ts';

export interface Evidence {
  plan: Plan | null;
  estimate: Estimate | null;
  /** Facts of the last phase of each name, `verify` among them. */
  phases: Record<string, unknown>;
  diff: { path: string; op: string; bytes?: number }[];
  /** What agents found in review, oldest first, and how many findings the next round acted on; null if none reviewed. */
  reviews: ReviewFacts | null;
  pullRequestBody: string | null;
  /** The runbook that the spec was made from. */
  runbook: RunView['runbook'];
  /** Names of the lessons that prompts of the run had. */
  lessons: string[];
}

export async function evidenceOf(deps: Deps, record: RunRecord): Promise<Evidence> {
  const { plan, changeSet, results } = record.work;
  const phases: Record<string, unknown> = {};
  for (const name of ['plan', 'build', 'rework', 'verify', 'review']) {
    const digest = results[name];
    if (digest !== undefined) phases[name] = await getJson(deps.artifacts, digest);
  }
  const manifest = changeSet && ((await getJson(deps.artifacts, changeSet.manifest)) as { entries: Evidence['diff'] });
  const { host, location } = accessRepository(deps, await loadTask(deps, record));
  return {
    plan: plan === undefined ? null : planSchema.parse(await getJson(deps.artifacts, plan)),
    estimate: results.estimate === undefined ? null : ((await getJson(deps.artifacts, results.estimate)) as Estimate),
    phases,
    diff: manifest?.entries ?? [],
    runbook: record.runbook ?? null,
    lessons: record.work.lessons?.used ?? [],
    reviews: await reviewFactsOf(deps, record),
    pullRequestBody: (await host.readPullRequest(location, record.branch))?.body ?? null,
  };
}
