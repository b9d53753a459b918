import picomatch from 'picomatch';

/** Begins each pointer of Git LFS. */
const pointer = /^version https:\/\/git-lfs\.github\.com\/spec\//;

const isAttributes = (path: string): boolean => path === '.gitattributes' || path.endsWith('/.gitattributes');

/** Files that give attributes to others. */
export const attributeFiles = (tree: ReadonlyMap<string, { mode: string }>): string[] =>
  [...tree]
    .flatMap(([path, { mode }]) => (isAttributes(path) && mode.startsWith('100') ? [path] : []))
    .slice(0, maxFiles);

/** Such files that are read. */
const maxFiles = 200;
/** Lines of one file that are read, and characters of a pattern. */
const maxLines = 1_000;
const maxPattern = 200;

/**
 * Whether the base stores a path in Git LFS: its content is a pointer, or a `.gitattributes` of the base says so. It is
 * cautious: a later line that takes a path out again is not looked for.
 */
export function lfsMatcher(base: ReadonlyMap<string, Uint8Array>): (path: string) => boolean {
  const matchers: ((path: string) => boolean)[] = [];
  for (const [file, content] of base) {
    if (!isAttributes(file)) continue;
    const folder = file.slice(0, -'.gitattributes'.length);
    for (const line of new TextDecoder().decode(content).split('\n').slice(0, maxLines)) {
      const [written = '', ...attributes] = line.trim().split(/\s+/);
      const pattern = written.replace(/^\//, '');
      if (
        !attributes.includes('filter=lfs') ||
        pattern === '' ||
        pattern.startsWith('#') ||
        pattern.length > maxPattern
      )
        continue;
      const anchored = written.includes('/');
      const glob = picomatch(pattern, {
        dot: true,
        nonegate: true,
        basename: !anchored,
        noext: true,
      });
      matchers.push((path) => path.startsWith(folder) && glob(path.slice(folder.length)));
    }
  }
  return (path) => isPointer(base.get(path)) || matchers.some((match) => match(path));
}

const isPointer = (content: Uint8Array | undefined): boolean =>
  content !== undefined && content.length < 1024 && pointer.test(new TextDecoder().decode(content));
