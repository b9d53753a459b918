import picomatch from 'picomatch';
import { hiddenCharacter } from '../task-spec/text.ts';

/** Maximum file name length of common file systems, in bytes of UTF-8. */
const maxNameBytes = 255;
/** More folders than any project nests; the comparison of all folders of a path takes the square of their number. */
const maxFolders = 100;

/** The reason why a path is invalid in a change set; undefined if it is valid. */
export function invalidPath(path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\\')) return 'is not a relative path with forward slashes';
  if (!path.isWellFormed()) return 'is not Unicode text';
  if (/[\t\r\n]/.test(path) || hiddenCharacter(path)) return 'contains control, bidirectional or invisible characters';
  const parts = path.split('/');
  if (parts.length > maxFolders) return `is in more than ${maxFolders} folders`;
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..') return 'has an empty or relative part';
    if (new TextEncoder().encode(part).length > maxNameBytes) return `has a name of more than ${maxNameBytes} bytes`;
    if (isGitFolder(part)) return "names git's own folder";
  }
  return undefined;
}

/**
 * Whether any file system treats a name as `.git`: some ignore case, some support 8.3 names or streams, some ignore
 * certain characters.
 */
export function isGitFolder(name: string): boolean {
  const folded = name
    .replace(/[\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/g, '')
    .replace(/:.*/s, '')
    .replace(/(?<![. ])[. ]+$/, '');
  return ['.git', 'git~1'].includes(foldedName(folded));
}

/**
 * A name as file systems compare it that ignore case or normalise Unicode. Upper case first: `ſ` and `ß` are then equal
 * to `s` and `ss`, as on APFS.
 */
export const foldedName = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');

/**
 * Matches a path against paths, folders and globs, and returns the pattern that matched. A folder matches everything
 * below it. A path with glob characters, such as `app/[id]/page.tsx`, also matches itself.
 */
export function pathMatcher(
  patterns: string[],
  options: { foldCase?: boolean } = {},
): (path: string) => string | undefined {
  const fold = (text: string): string => (options.foldCase ? foldedName(text) : text);
  const matchers = patterns.map((pattern) => {
    const clean = fold(pattern.replace(/^\.\//, '').replace(/\/$/, ''));
    const glob = picomatch([clean, `${clean}/**`], { dot: true, nonegate: true });
    return { pattern, match: (path: string) => path === clean || path.startsWith(`${clean}/`) || glob(path) };
  });
  return (path) => matchers.find(({ match }) => match(fold(path)))?.pattern;
}
