import type { Tree, TreeEntry } from '../repository/tree.ts';
import { type Contents, mergeFile, same, type Versions } from './merge-file.ts';
import { findRenames, kind } from './renames.ts';

export interface Trees {
  base: Tree;
  target: Tree;
  /** Base plus change. */
  change: Tree;
}
type Side = 'target' | 'change';

/**
 * The three versions of each file, under the path of the merged file: a file that one side renamed is merged at its new
 * path. `disputed`: paths on which the sides conflict, independent of the contents.
 * @param touched Paths that the change modifies.
 */
export async function versionsOf(
  trees: Trees,
  touched: string[],
  contents: Contents,
): Promise<{ versions: Map<string, Versions>; disputed: string[] }> {
  const { base, target, change } = trees;
  const versions = new Map<string, Versions>();
  for (const path of touched)
    versions.set(path, { base: base.get(path), target: target.get(path), change: change.get(path) });
  const both = new Set(touched.filter((path) => base.has(path) && !same(base.get(path), target.get(path))));
  const lost = (tree: Tree) => new Set([...both].filter((path) => !tree.has(path)));
  const theirs = await findRenames(base, target, lost(target), contents);
  const ours = await findRenames(base, change, lost(change), contents);
  const disputed: string[] = [];
  for (const old of both) {
    const [there, here] = [theirs.get(old), ours.get(old)];
    if (there === undefined && here === undefined) continue;
    const { merged, stays } = followed(trees, old, there ?? old, here ?? old);
    versions.set(old, stays ? { target: stays, change: stays } : {});
    const paths = new Set([there ?? here ?? old, here ?? there ?? old]);
    if (paths.size > 1) disputed.push(old, ...paths);
    for (const path of paths) {
      const met = meets(trees, path, there, here);
      if (met || stays || !merged.base) disputed.push(path);
      // Both sides may have renamed a file to this path; the version found here is then already merged.
      const entry = met && (versions.get(path)?.[met.side] ?? met.entry);
      versions.set(path, met && entry ? await asAdded(merged, { side: met.side, entry }, contents) : merged);
    }
  }
  return { versions, disputed };
}

/**
 * The versions of a renamed file. If the other side deleted it, the renamed file stays, as a conflict for a person to
 * decide. If the other side has an entry of another kind at the old path, that entry stays there.
 */
function followed({ base, target, change }: Trees, old: string, there: string, here: string) {
  const [theirs, ours] = [target.get(there), change.get(here)];
  const alone = (entry: TreeEntry | undefined): Versions => ({ target: entry, change: entry });
  if (!theirs || !ours) return { merged: alone(theirs ?? ours), stays: undefined };
  if (kind(theirs) !== kind(ours) && there === old) return { merged: alone(ours), stays: theirs };
  if (kind(theirs) !== kind(ours) && here === old) return { merged: alone(theirs), stays: ours };
  // Longer markers where the conflict can be nested in another one.
  const size = there !== here && there !== old && here !== old ? 8 : 7;
  const markers = { target: `target:${there}`, change: `change:${here}`, size };
  const named = there === here ? {} : { markers };
  return { merged: { base: base.get(old), target: theirs, change: ours, ...named }, stays: undefined };
}

/** The entry at `path` on the side that did not rename a file to this path, if that side added or changed it. */
function meets(
  { base, target, change }: Trees,
  path: string,
  there: string | undefined,
  here: string | undefined,
): { side: Side; entry: TreeEntry } | undefined {
  const [theirs, ours] = [target.get(path), change.get(path)];
  if (there !== path && theirs) return { side: 'target', entry: theirs };
  if (here !== path && ours && !same(base.get(path), ours)) return { side: 'change', entry: ours };
  return undefined;
}

/** The path of a renamed file is taken by the other side: merges the two as if both sides had added the file. */
async function asAdded(
  renamed: Versions,
  met: { side: Side; entry: TreeEntry },
  contents: Contents,
): Promise<Versions> {
  const markers = renamed.markers && { markers: { ...renamed.markers, size: 8 } };
  const { entry } = await mergeFile({ ...renamed, ...markers }, contents);
  return met.side === 'target' ? { target: met.entry, change: entry } : { target: entry, change: met.entry };
}
