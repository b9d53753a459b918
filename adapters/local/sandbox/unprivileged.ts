/** Unprivileged user a root owner starts bubblewrap as: nested namespaces need it, and nothing inside is root anywhere. */
export const UNPRIVILEGED = 65_534;

export const ownerIsRoot = (): boolean => process.getuid?.() === 0;

/** Spawn options that make a child unprivileged when the owner is root. */
export const unprivileged = (): { uid: number; gid: number } | Record<string, never> =>
  ownerIsRoot() ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
