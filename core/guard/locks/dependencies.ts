import { type GuardInput, textOf } from '../input.ts';
import type { Refuse } from '../violation.ts';
import { type Advisory, isAffected, normalName } from './advisories.ts';
import { addedPackages, isReadableLock } from './packages.ts';

/** Refuses versions that a change adds to a lock file, if the policy's vulnerabilities or licences name them. */
export function checkDependencies(
  { change, base, task, advisories }: GuardInput,
  contents: ReadonlyMap<string, Uint8Array>,
  refuse: Refuse,
): void {
  const { deniedLicenses = [], allowedAdvisories = [] } = task.dependencies ?? {};
  if (advisories === undefined && deniedLicenses.length === 0) return;
  const known = Map.groupBy(advisories ?? [], keyOf);
  for (const { path, op } of change.manifest.entries) {
    if (op === 'delete' || !isReadableLock(path)) continue;
    for (const added of addedPackages(path, textOf(base.get(path)), textOf(contents.get(path)))) {
      const named = `${added.name}@${added.version}`;
      if (added.license !== undefined && deniedLicenses.includes(added.license))
        refuse('LicenseDenied', path, `${named} has the licence ${added.license}, which the policy denies`);
      for (const advisory of known.get(keyOf(added)) ?? [])
        if (!allowedAdvisories.includes(advisory.id) && isAffected(advisory, added))
          refuse(
            'VulnerableDependency',
            path,
            `${named} is affected by ${advisory.id}${advisory.summary === '' ? '' : `: ${advisory.summary}`}`,
          );
    }
  }
}

const keyOf = ({ ecosystem, name }: Pick<Advisory, 'ecosystem' | 'name'>): string =>
  `${ecosystem} ${normalName(ecosystem, name)}`;
