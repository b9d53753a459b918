import { pathMatcher } from '../guard/paths.ts';
import type { EffectiveTask } from '../run/effective-task.ts';

/** Votes that a change needs: the number of spec and policy, raised if it touches a critical path (R24). */
export function requiredReviewers(
  task: Pick<EffectiveTask, 'requiredReviewers' | 'criticalPaths'>,
  paths: string[],
): number {
  const raised = Object.entries(task.criticalPaths)
    .filter(([glob]) => {
      const isCritical = pathMatcher([glob], { foldCase: true });
      return paths.some((path) => isCritical(path) !== undefined);
    })
    .map(([, reviewers]) => reviewers);
  return Math.max(task.requiredReviewers, ...raised);
}
