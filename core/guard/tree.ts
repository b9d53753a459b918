import type { ChangeEntry } from '../run/change-set.ts';
import type { Refuse } from './violation.ts';

/**
 * The tree that base and change make together: no file may also be a folder, and no two paths may be one on a file
 * system that folds case or normalises Unicode. A put that silently took the place of a folder would delete what is in
 * it past every other rule.
 */
export function checkTree(base: ReadonlyMap<string, unknown>, entries: ChangeEntry[], refuse: Refuse): void {
  const put = new Set(entries.flatMap((entry) => (entry.op === 'put' ? [entry.path] : [])));
  const paths = new Set([...base.keys(), ...put]);
  for (const entry of entries) if (entry.op === 'delete' && !put.has(entry.path)) paths.delete(entry.path);

  /** Spellings of each folded path and folder; the first is the base's where it has one. */
  const spellings = new Map<string, string>();
  const covered = new Set<string>();
  for (const path of [...paths].sort((a, b) => Number(base.has(b)) - Number(base.has(a)) || (a < b ? -1 : 1))) {
    const file = foldersOf(path).find((folder) => paths.has(folder));
    if (file !== undefined && put.has(file) && !covered.has(file)) {
      covered.add(file);
      refuse('InvalidPath', file, `is a file, and ${path} lies below it`);
    } else if (file !== undefined && put.has(path)) {
      refuse('InvalidPath', path, `lies below ${file}, which is a file`);
    }
    for (const name of [...foldersOf(path), path]) {
      const folded = name.normalize('NFC').toLowerCase();
      const other = spellings.get(folded);
      if (other === undefined) spellings.set(folded, name);
      else if (other !== name && !base.has(path)) {
        refuse('InvalidPath', path, `${name} differs from ${other} by case or Unicode form only`);
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
