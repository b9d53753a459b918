import { isGitFolder } from './paths.ts';

/** Number of links that Linux follows in one path before it fails (path_resolution(7)). */
const maxLinks = 40;
/** Characters of a target: longer than any path that Linux takes (PATH_MAX). */
const maxTarget = 4_096;

/**
 * Whether a symbolic link leads out of the repository or into git's own folder. Follows the other links of the tree in
 * the same way as a file system.
 * @param links Target of each symbolic link by path; undefined for a target that is not text.
 */
export function linkEscapes(path: string, links: ReadonlyMap<string, string | undefined>): boolean {
  const folder = path.split('/').slice(0, -1);
  const todo: string[] = [];
  let followed = 0;
  /** Prepends the target of a link to the remaining path; false if the target itself leads out. */
  const follow = (target: string | undefined): boolean => {
    if (target === undefined || target === '' || target.length > maxTarget) return false;
    if (/^\/|[\\\0]|^[A-Za-z]:/.test(target)) return false;
    todo.unshift(...target.split('/'));
    return ++followed <= maxLinks;
  };
  if (!follow(links.get(path))) return true;
  for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (folder.pop() === undefined) return true;
      continue;
    }
    if (isGitFolder(part)) return true;
    const at = [...folder, part].join('/');
    if (!links.has(at)) folder.push(part);
    else if (!follow(links.get(at))) return true;
  }
  return false;
}
