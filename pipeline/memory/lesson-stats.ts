import { z } from 'zod';
import { matcherOf } from '../../core/knowledge/select.ts';
import { usdOf } from '../../core/money/format.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import { repositoryPath } from '../../core/task-spec/fields.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import { reworkRounds, runsOf } from './rework.ts';

/** A lesson that is asked about. */
export const lessonQuery = z.strictObject({
  slug: z.string().max(100),
  applies_to: z.array(repositoryPath).max(20),
  added: z.string().max(40),
});
export type LessonQuery = z.output<typeof lessonQuery>;

interface Share {
  runs: number;
  reworked: number;
  /** Share of the runs that needed a round of rework; null without runs. */
  rate: number | null;
}

export interface LessonStats {
  slug: string;
  /** Ids of the runs whose prompts had the lesson, newest first. */
  usedBy: string[];
  /** What these runs cost. */
  usd: number;
  /** Ended runs that changed paths of the lesson, and did not have it: those before it was added. */
  before: Share;
  /** Ended runs that had it. */
  after: Share;
}

/** For each lesson the runs that used it, and the share of reworked runs before and after. */
export async function lessonStats(
  deps: Pick<Deps, 'runs' | 'artifacts'>,
  repository: string,
  lessons: readonly LessonQuery[],
): Promise<LessonStats[]> {
  const runs = await runsOf(deps, repository);
  const changed = new Map<string, string[]>();
  for (const run of runs) if (isFinal(run.status)) changed.set(run.runId, await changedPaths(deps, run));
  return lessons.map(({ slug, applies_to, added }) => {
    const matches = matcherOf(applies_to);
    const uses = runs.filter((run) => run.work.lessons?.used.includes(slug));
    const earlier = runs.filter(
      (run) =>
        run.createdAt.slice(0, 10) <= added &&
        !run.work.lessons?.used.includes(slug) &&
        changed.get(run.runId)?.some((path) => matches(path)),
    );
    return {
      slug,
      usedBy: uses.map(({ runId }) => runId),
      usd: usdOf(uses.reduce((sum, run) => sum + run.spentMicros, 0)),
      before: shareOf(earlier),
      after: shareOf(uses.filter((run) => isFinal(run.status))),
    };
  });
}

function shareOf(runs: readonly RunRecord[]): Share {
  const reworked = runs.filter((run) => reworkRounds(run) > 0).length;
  return { runs: runs.length, reworked, rate: runs.length === 0 ? null : reworked / runs.length };
}

const manifest = z.object({ entries: z.array(z.object({ path: z.string() })) });

async function changedPaths(deps: Pick<Deps, 'artifacts'>, { work }: RunRecord): Promise<string[]> {
  if (!work.changeSet) return [];
  const { entries } = manifest.parse(await getJson(deps.artifacts, work.changeSet.manifest));
  return entries.map(({ path }) => path);
}
