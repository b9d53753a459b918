/** Files that a message names. */
const named = 3;
/** Characters of a path in a message. */
const maxShown = 200;
/** Folders of a path that are looked at: a hostile path has thousands. */
const maxDepth = 12;

export interface Sized {
  path: string;
  /** Bytes, or 1 to count files. */
  size: number;
}

/**
 * Where most of a change lies, for people: the deepest folder with at least half of it, and its largest files.
 * @param unit `bytes` names files with their size, `files` counts them by folder.
 */
function largest(files: readonly Sized[], unit: 'bytes' | 'files'): string {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const folders = new Map<string, number>();
  for (const { path, size } of files)
    for (
      let end = path.indexOf('/'), depth = 0;
      end > 0 && depth < maxDepth;
      end = path.indexOf('/', end + 1), depth++
    ) {
      const folder = path.slice(0, end + 1);
      folders.set(folder, (folders.get(folder) ?? 0) + size);
    }
  let most: [string, number] | undefined;
  for (const [folder, size] of folders)
    if (size * 2 >= total && (most === undefined || folder.length > most[0].length)) most = [folder, size];
  const first = files.reduce((largest, { size }) => Math.max(largest, size), 0);
  const parts: string[] = [];
  if (most !== undefined && first * 2 < total) parts.push(`${shown(most[0])} (${most[1]} ${unit})`);
  if (unit === 'bytes') {
    const top = [...files].sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1)).slice(0, named);
    parts.push(...top.map(({ path, size }) => `${shown(path)} (${size})`));
  } else if (parts.length === 0) {
    const top = [...folders].filter(([folder]) => folder.indexOf('/') === folder.length - 1);
    const counted = top.sort(([, a], [, b]) => b - a).slice(0, named);
    parts.push(...counted.map(([folder, size]) => `${shown(folder)} (${size})`));
  }
  return parts.join(', ');
}

/** As part of a sentence; empty if there is nothing to name. */
export function mostOf(files: readonly Sized[], unit: 'bytes' | 'files'): string {
  const where = largest(files, unit);
  return where === '' ? '' : `; most in ${where}`;
}

const shown = (path: string): string =>
  JSON.stringify(path.slice(0, maxShown))
    .slice(1, -1)
    .replace(/[\p{C}\p{Z}]/gu, (c) => (c === ' ' ? c : '?'));
