import { pathMatcher } from '../guard/paths.ts';
import type { ChangeManifest } from '../run/change-set.ts';
import { pathFault } from '../task-spec/fields.ts';
import type { Plan } from './schema.ts';

/** For each changed path, the first phase of the plan that names it; undefined if no phase does ("not planned"). */
export function plannedPhases(plan: Plan, manifest: ChangeManifest): Map<string, string | undefined> {
  // Of a campaign, the parts say more than the phases.
  const parts = (plan.parts ?? []).map(({ id, title, target_paths }) => ({
    name: `${id}: ${title}`,
    files: target_paths,
  }));
  const matchers = [...parts, ...plan.phases].map(({ name, files }) => {
    // An agent wrote these globs. Those that a spec may not use are ignored, because matching them could take forever.
    const valid = files.filter((file) => pathFault(file.replace(/^\.\//, '')) === undefined);
    return { name, match: pathMatcher(valid) };
  });
  return new Map(
    manifest.entries.map(({ path }) => [path, matchers.find(({ match }) => match(path) !== undefined)?.name]),
  );
}
