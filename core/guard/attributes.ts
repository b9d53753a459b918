import picomatch from 'picomatch';

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
 * Whether a `.gitattributes` of the base gives a path an attribute. It is cautious: a later line that takes the path out
 * again is not looked for.
 */
export function attributeMatcher(base: ReadonlyMap<string, Uint8Array>, attribute: RegExp): (path: string) => boolean {
  const matchers: ((path: string) => boolean)[] = [];
  for (const [file, content] of base) {
    if (!isAttributes(file)) continue;
    const folder = file.slice(0, -'.gitattributes'.length);
    for (const line of new TextDecoder().decode(content).split('\n').slice(0, maxLines)) {
      const [written = '', ...attributes] = line.trim().split(/\s+/);
      const pattern = written.replace(/^\//, '');
      const applies = attributes.some((each) => attribute.test(each));
      if (!applies || pattern === '' || pattern.startsWith('#') || pattern.length > maxPattern) continue;
      const glob = picomatch(pattern, { dot: true, nonegate: true, basename: !written.includes('/'), noext: true });
      matchers.push((path) => path.startsWith(folder) && glob(path.slice(folder.length)));
    }
  }
  return (path) => matchers.some((match) => match(path));
}
