import { isGitFolder } from './paths.ts';

/** Links a kernel follows before it gives up (Linux, path_resolution(7)). */
const maxLinks = 40;

/**
 * Whether a symbolic link leads out of the repository or into git's own folder, followed through the other links of
 * the tree as a file system would.
 * @param links Target of each symbolic link by path; undefined for a target that is not text.
 */
export function linkEscapes(path: string, links: ReadonlyMap<string, string | undefined>): boolean {
  const folder = path.split('/').slice(0, -1);
  const todo: string[] = [];
  let followed = 0;
  /** Puts a link's target before what is left of the way; false when it leaves by itself. */
  const follow = (target: string | undefined): boolean => {
    if (target === undefined || target === '' || /^\/|[\\\0]|^[A-Za-z]:/.test(target)) return false;
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
