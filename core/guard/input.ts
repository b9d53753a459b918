import type { ChangeEntry, ChangeSet } from '../run/change-set.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import { attributeFiles } from './attributes.ts';
import type { Advisory } from './locks/advisories.ts';

/** The tree at the base: mode and blob by path. */
export type BaseTree = ReadonlyMap<string, { mode: string; blobSha: string }>;

/** Input of the guard: plain data, because the guard runs in a thread of its own. */
export interface GuardInput {
  change: ChangeSet;
  tree: BaseTree;
  /** Contents at the base of the paths that `basePaths` names. */
  base: ReadonlyMap<string, Uint8Array>;
  task: Pick<EffectiveTask, 'constraints' | 'protectedPaths' | 'limits' | 'allowedSecrets' | 'dependencies'>;
  /** Known vulnerabilities, if the policy names a folder of them. */
  advisories?: Advisory[];
  /** A person accepted that exactly this change weakens tests. */
  weakeningAccepted: boolean;
}

/**
 * The paths whose contents at the base the guard compares: those of the changed files, every link if a link changed, and
 * those that give attributes.
 * None for a change with too many files, which the guard refuses by their number.
 * @param matters Leaves out paths of other kinds.
 */
export function basePaths(
  entries: ChangeEntry[],
  tree: BaseTree,
  maxFiles: number,
  matters: (path: string) => boolean = () => true,
): string[] {
  if (entries.length > maxFiles) return [];
  const changed = entries.flatMap(({ path }) => (tree.has(path) && matters(path) ? [path] : []));
  const links = changesLinks(entries, tree)
    ? [...tree].flatMap(([path, { mode }]) => (mode === '120000' && matters(path) ? [path] : []))
    : [];
  const attributes = attributeFiles(tree).filter(matters);
  return [...new Set([...changed, ...links, ...attributes])].filter((path) => tree.get(path)?.mode !== '160000');
}

/** A content as text, whatever its bytes are; no text for a file that does not exist. */
export const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array());

export const isLink = (entry: ChangeEntry): boolean => entry.op === 'put' && entry.mode === '120000';

export const changesLinks = (entries: ChangeEntry[], tree: BaseTree): boolean =>
  entries.some((entry) => isLink(entry) || tree.get(entry.path)?.mode === '120000');
