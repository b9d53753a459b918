import type { ChangeEntry } from '../run/change-set.ts';
import { foldedName } from './paths.ts';
import type { Refuse } from './violation.ts';

/**
 * Checks the tree that base and change give together: no file may also be a folder, and no two paths may be equal on a
 * file system that ignores case or normalises Unicode. A put that replaced a folder would delete its files without
 * passing the other rules.
 */
export function checkTree(base: ReadonlyMap<string, unknown>, entries: ChangeEntry[], refuse: Refuse): void {
  const put = new Set(entries.flatMap((entry) => (entry.op === 'put' ? [entry.path] : [])));
  const paths = new Set([...base.keys(), ...put]);
  for (const entry of entries) if (entry.op === 'delete' && !put.has(entry.path)) paths.delete(entry.path);

  /** First spelling of each folded path and folder; that of the base if it has one. */
  const spellings = new Map<string, string>();
  const covered = new Set<string>();
  for (const path of [...paths].sort((a, b) => Number(base.has(b)) - Number(base.has(a)) || (a < b ? -1 : 1))) {
    const file = foldersOf(path).find((folder) => paths.has(folder));
    if (file !== undefined && put.has(file) && !covered.has(file)) {
      covered.add(file);
      refuse('InvalidPath', file, `is a file, but ${path} is below it`);
    } else if (file !== undefined && put.has(path)) {
      refuse('InvalidPath', path, `is below ${file}, which is a file`);
    }
    for (const name of [...foldersOf(path), path]) {
      const folded = foldedName(name);
      const other = spellings.get(folded);
      if (other === undefined) spellings.set(folded, name);
      else if (other !== name && !base.has(path)) {
        refuse('InvalidPath', path, `${name} differs from ${other} only by case or Unicode form`);
        break;
      }
    }
  }
}

/** `a/b/c` → `a`, `a/b`. */
function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
