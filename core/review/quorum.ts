import { pathMatcher } from '../guard/paths.ts';
import type { EffectiveTask } from '../run/effective-task.ts';

/** The critical paths of the policy that a change touches, with the approvals that they need (R24). */
export const criticalPathsOf = (
  { criticalPaths }: Pick<EffectiveTask, 'criticalPaths'>,
  paths: readonly string[],
): { glob: string; reviewers: number; paths: string[] }[] =>
  Object.entries(criticalPaths).flatMap(([glob, reviewers]) => {
    const isCritical = pathMatcher([glob], { foldCase: true });
    const touched = paths.filter((path) => isCritical(path) !== undefined);
    return touched.length === 0 ? [] : [{ glob, reviewers, paths: touched }];
  });

/** Votes that a change needs: the number of spec and policy, raised if it touches a critical path (R24). */
export const requiredReviewers = (
  task: Pick<EffectiveTask, 'requiredReviewers' | 'criticalPaths'>,
  paths: readonly string[],
): number => Math.max(task.requiredReviewers, ...criticalPathsOf(task, paths).map(({ reviewers }) => reviewers));
