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
 * The three versions of each file, at the path where it is to be: a file that one side renamed is merged at its new
 * path. `disputed`: paths about which the sides disagree, whatever their contents.
 * @param touched Paths that the change changes.
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
  const theirs = await findRenames(base, target, lost(target), contents.read);
  const ours = await findRenames(base, change, lost(change), contents.read);
  const disputed: string[] = [];
  for (const old of both) {
    const [there, here] = [theirs.get(old), ours.get(old)];
    if (there === undefined && here === undefined) continue;
    const { merged, stays } = followed(trees, old, there ?? old, here ?? old);
    versions.set(old, stays ? { target: stays, change: stays } : {});
    const places = new Set([there ?? here ?? old, here ?? there ?? old]);
    if (places.size > 1) disputed.push(old, ...places);
    for (const place of places) {
      const met = meets(trees, place, there, here);
      if (met || stays || !merged.base) disputed.push(place);
      // Both may have renamed a file to here: then what is met has been merged already.
      const entry = met && (versions.get(place)?.[met.side] ?? met.entry);
      versions.set(place, met && entry ? await asAdded(merged, { side: met.side, entry }, contents) : merged);
    }
  }
  return { versions, disputed };
}

/**
 * Versions of a renamed file. Renamed here and deleted there, it stays, for somebody to decide. Where the other side put
 * something of another kind into its old place, that stays there.
 */
function followed({ base, target, change }: Trees, old: string, there: string, here: string) {
  const [theirs, ours] = [target.get(there), change.get(here)];
  const alone = (entry: TreeEntry | undefined): Versions => ({ target: entry, change: entry });
  if (!theirs || !ours) return { merged: alone(theirs ?? ours), stays: undefined };
  if (kind(theirs) !== kind(ours) && there === old) return { merged: alone(ours), stays: theirs };
  if (kind(theirs) !== kind(ours) && here === old) return { merged: alone(theirs), stays: ours };
  // Longer by one where a conflict may come to stand inside of another.
  const size = there !== here && there !== old && here !== old ? 8 : 7;
  const markers = { target: `target:${there}`, change: `change:${here}`, size };
  const named = there === here ? {} : { markers };
  return { merged: { base: base.get(old), target: theirs, change: ours, ...named }, stays: undefined };
}

/** What the side that did not rename a file to this place has there, if it put it there. */
function meets(
  { base, target, change }: Trees,
  place: string,
  there: string | undefined,
  here: string | undefined,
): { side: Side; entry: TreeEntry } | undefined {
  const [theirs, ours] = [target.get(place), change.get(place)];
  if (there !== place && theirs) return { side: 'target', entry: theirs };
  if (here !== place && ours && !same(base.get(place), ours)) return { side: 'change', entry: ours };
  return undefined;
}

/** A renamed file meets one that the other side put there: the two are merged as if both had been added. */
async function asAdded(
  renamed: Versions,
  met: { side: Side; entry: TreeEntry },
  contents: Contents,
): Promise<Versions> {
  const markers = renamed.markers && { markers: { ...renamed.markers, size: 8 } };
  const { entry } = await mergeFile({ ...renamed, ...markers }, contents);
  return met.side === 'target' ? { target: met.entry, change: entry } : { target: entry, change: met.entry };
}
