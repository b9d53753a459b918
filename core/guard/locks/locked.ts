/** A package of a lock file in one version: what is fetched, from where, with which checksum. */
export interface Locked {
  /** As in the OSV format: `npm`, `PyPI`, `crates.io`, `Go`, `Maven`. */
  ecosystem: string;
  name: string;
  version: string;
  /** File, for managers that list several files of a version; empty for the others. */
  file: string;
  /** Host or address of the source; empty for the manager's default. */
  source: string;
  checksum: string;
  license?: string;
}

/** Host of an address; other sources, such as folders and repositories of git, as they are. */
export const sourceOf = (address: string | undefined): string =>
  address === undefined ? '' : (/^https?:\/\/([^/?#]{1,300})/.exec(address)?.[1] ?? address.slice(0, 300));
