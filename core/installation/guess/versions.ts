import semver from 'semver';
import { inFolder, type RepositoryFiles } from '../installation.ts';

/** The version of a tool in `.tool-versions` (asdf and mise), without a leading vendor. */
export function toolVersion(files: RepositoryFiles, folder: string, ...names: string[]): string | undefined {
  const lines = (files.read(inFolder(folder, '.tool-versions')) ?? '').split('\n');
  for (const line of lines) {
    const [name = '', version] = line.trim().split(/[ \t]+/, 2);
    if (names.includes(name)) return version;
  }
  return undefined;
}

/** The first of these versions, such as 24 or 3.13, of which one is in the range; undefined if none or the range is invalid. */
export function newestIn(range: string, versions: readonly string[]): string | undefined {
  if (semver.validRange(range) === null) return undefined;
  return versions.find((version) => {
    const whole = version.includes('.') ? `${version}.99` : `${version}.99.99`;
    const from = version.includes('.') ? `${version}.0` : `${version}.0.0`;
    return semver.satisfies(whole, range) || semver.intersects(range, `>=${from} <=${whole}`);
  });
}
