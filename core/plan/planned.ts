import { pathMatcher } from '../guard/paths.ts';
import type { ChangeManifest } from '../run/change-set.ts';
import { pathFault } from '../task-spec/fields.ts';
import type { Plan } from './schema.ts';

/** Which phase of the plan names each changed path, the first where several do; undefined where none does ("not planned"). */
export function plannedPhases(plan: Plan, manifest: ChangeManifest): Map<string, string | undefined> {
  const matchers = plan.phases.map(({ name, files }) => {
    // An agent wrote these: what a spec may not use as a glob (it could match forever) names nothing here either.
    const sound = files.filter((file) => pathFault(file.replace(/^\.\//, '')) === undefined);
    return { name, match: pathMatcher(sound) };
  });
  return new Map(
    manifest.entries.map(({ path }) => [path, matchers.find(({ match }) => match(path) !== undefined)?.name]),
  );
}
