import picomatch from 'picomatch';
import type { ChangeManifest } from '../run/change-set.ts';
import type { Plan } from './schema.ts';

/** Which phase of the plan names each changed path; undefined where none does ("not planned"). */
export function plannedPhases(plan: Plan, manifest: ChangeManifest): Map<string, string | undefined> {
  const matchers = plan.phases.map((phase) => ({ name: phase.name, match: matcherOf(phase.files) }));
  return new Map(
    manifest.entries.map((entry) => [entry.path, matchers.find((phase) => phase.match(entry.path))?.name]),
  );
}

/** A path names itself and, as a folder, all below it; anything with glob characters is a glob. */
function matcherOf(files: string[]): (path: string) => boolean {
  if (files.length === 0) return () => false;
  const globs = files.flatMap((file) => {
    const clean = file.replace(/^\.\//, '').replace(/\/$/, '');
    return [clean, `${clean}/**`];
  });
  return picomatch(globs, { dot: true });
}
