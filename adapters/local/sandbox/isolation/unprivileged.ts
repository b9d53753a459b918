import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';

/**
 * The user that owns nothing, where no phase runs: for the probe of the sandbox.
 * @internal for its tests
 */
export const unprivilegedId = 65_534;

/**
 * User ids that are given to no account, first choice first: above the ids of containers, and systemd's range of dynamic
 * users, which also exists where this process has only the first 65,536 ids
 * (https://systemd.io/UIDS-GIDS/).
 */
const ranges: [number, number][] = [
  [1_879_048_192, 2_147_483_646],
  [61_184, 65_519],
];

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Spawn options that make a child process unprivileged if this process runs as root. */
export const unprivileged = (id = unprivilegedId): { uid: number; gid: number } | Record<string, never> =>
  isRoot() ? { uid: id, gid: id } : {};

/**
 * A user id for one phase, if this process runs as root. The kernel counts inotify instances, pipes, keys and pending
 * signals by user, so phases that shared one could take them from each other, and other daemons run as `nobody`.
 */
export function phaseUserId(): number {
  const mapped = mappedIds();
  const range = ranges.find(([first, last]) => mapped.some(([from, to]) => from <= first && last <= to));
  if (range === undefined) return unprivilegedId;
  const [first, last] = range;
  for (;;) {
    const id = randomInt(first, last + 1);
    if (!isUsed(id)) return id;
  }
}

/** User ids that exist in this process's user namespace. */
function mappedIds(): [number, number][] {
  return readFileSync('/proc/self/uid_map', 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return [inside, inside + count - 1];
    });
}

/** Whether a process runs under the id; /proc/PID belongs to its user. */
const isUsed = (id: number): boolean =>
  readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    return statSync(`/proc/${name}`, { throwIfNoEntry: false })?.uid === id;
  });
