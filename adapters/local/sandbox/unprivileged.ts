/** User id for bubblewrap if this process runs as root: nested namespaces need an unprivileged user. */
export const unprivilegedId = 65_534;

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Spawn options that make a child process unprivileged if this process runs as root. */
export const unprivileged = (): { uid: number; gid: number } | Record<string, never> =>
  isRoot() ? { uid: unprivilegedId, gid: unprivilegedId } : {};
