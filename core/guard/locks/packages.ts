import type { Locked } from './locked.ts';
import { lockOfJson, lockOfPnpm, lockOfYarn } from './npm.ts';
import { lockOfGo, lockOfGradle, lockOfRequirements, lockOfTables } from './others.ts';

/** Nobody has more packages. */
const maxPackages = 100_000;

const readers: [file: RegExp, read: (text: string) => Locked[] | undefined][] = [
  [/(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json)$/, lockOfJson],
  [/(?:^|\/)yarn\.lock$/, lockOfYarn],
  [/(?:^|\/)pnpm-lock\.yaml$/, lockOfPnpm],
  [/(?:^|\/)(?:poetry|uv|pdm)\.lock$/, (text) => lockOfTables(text, 'PyPI')],
  [/(?:^|\/)Cargo\.lock$/, (text) => lockOfTables(text, 'crates.io')],
  [/(?:^|\/)go\.sum$/, lockOfGo],
  [/(?:^|\/)requirements[^/]*\.txt$/, lockOfRequirements],
  [/(?:^|\/)gradle\/verification-metadata\.xml$/, lockOfGradle],
];

export const isReadableLock = (path: string): boolean => readers.some(([file]) => file.test(path));

/** The packages of a lock file; undefined for a file that cannot be read. @internal for its tests */
export const packagesOf = (path: string, text: string): Locked[] | undefined =>
  text.trim() === ''
    ? []
    : readers
        .find(([file]) => file.test(path))?.[1](text)
        ?.slice(0, maxPackages);

/** What stands beside each package of a lock file. */
const besidePackages = /\b(?:integrity|checksum|sha\d{3})\b|\bh1:/;

const keyOf = ({ name, version, file }: Locked): string => `${name}@${version}${file === '' ? '' : ` (${file})`}`;

interface SourceChange {
  message: string;
  /** Refused until a person accepts it; otherwise only shown first. */
  refused: boolean;
}

/** What changed in a lock file about versions that it had before: each fetches something else under the same name. */
export function changedSources(path: string, before: string, after: string): SourceChange[] {
  const [was, now] = [packagesOf(path, before), packagesOf(path, after)];
  if (was === undefined || was.length === 0) return [];
  // Another form of the same language would hide what it says from this reader, and not from the manager.
  if (now === undefined || (now.length === 0 && besidePackages.test(after) && !path.endsWith('.json')))
    return [{ message: 'is not written as its manager writes it, so its packages cannot be compared', refused: true }];
  const known = collected(was);
  return [...collected(now)].flatMap(([key, { checksums, sources }]) => {
    const old = known.get(key);
    if (!old) return [];
    const said = changedChecksum(key, old.checksums, checksums);
    const other = [...sources].find((source) => !old.sources.has(source));
    const from = [...old.sources].join(', ') || 'there';
    if (other !== undefined)
      said.push({
        message: `${key} is fetched from ${other || 'the default registry'}, and not from ${from}`,
        refused: true,
      });
    return said;
  });
}

function changedChecksum(key: string, old: Set<string>, now: Set<string>): SourceChange[] {
  const other = [...now].find((sum) => !old.has(sum));
  if (old.size > 0 && now.size === 0) return [{ message: `${key} has no checksum any more`, refused: true }];
  if (old.size === 0 || other === undefined) return [];
  const kind = kindOf(other);
  // Managers replace checksums of old kinds by those of new ones, which text cannot compare.
  if (![...old].some((sum) => kindOf(sum) === kind) && !/^(?:sha1|md5)$/.test(kind))
    return [{ message: `${key} has a checksum of another kind, although the version is the same`, refused: false }];
  return [{ message: `${key} has another checksum, although the version is the same`, refused: true }];
}

/** `sha512-…`, `sha256:…`, `10c0/…`; a checksum without a kind has the kind of its file. */
const kindOf = (checksum: string): string => /^([\w.]{1,20})[-:/]/.exec(checksum)?.[1] ?? '';

/** Packages that a change adds to a lock file, or in another version. */
export function addedPackages(path: string, before: string, after: string): Locked[] {
  const known = new Set((packagesOf(path, before) ?? []).map(({ name, version }) => `${name}@${version}`));
  const added = new Map<string, Locked>();
  for (const each of packagesOf(path, after) ?? []) {
    const key = `${each.name}@${each.version}`;
    if (!known.has(key)) added.set(key, each);
  }
  return [...added.values()];
}

/** The same version may stand in several places of a lock file. */
function collected(packages: Locked[]): Map<string, { checksums: Set<string>; sources: Set<string> }> {
  const found = new Map<string, { checksums: Set<string>; sources: Set<string> }>();
  for (const each of packages) {
    const key = keyOf(each);
    const at = found.get(key) ?? { checksums: new Set(), sources: new Set() };
    if (each.checksum !== '') at.checksums.add(each.checksum);
    at.sources.add(each.source);
    found.set(key, at);
  }
  return found;
}
