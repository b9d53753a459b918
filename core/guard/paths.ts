import picomatch from 'picomatch';

/** Why a path may not be in a change set at all; undefined when it may. */
export function invalidPath(path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\\')) return 'is not a relative path with forward slashes';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  if (/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/.test(path))
    return 'holds control or bidirectional characters';
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'has an empty or relative part';
    // File systems that fold case, drop trailing dots or ignore zero-width characters would read these as .git
    const folded = part
      .replace(/[\u200B-\u200F\u2060-\u2064\uFEFF]/g, '')
      .replace(/[. ]+$/, '')
      .toLowerCase();
    if (folded === '.git' || folded === 'git~1') return "names git's own folder";
  }
  return undefined;
}

/** Matches a path against paths, folders and globs; a folder stands for all below it. */
export function pathMatcher(patterns: string[]): (path: string) => string | undefined {
  const matchers = patterns.map((pattern) => {
    const clean = pattern.replace(/^\.\//, '').replace(/\/$/, '');
    return { pattern, match: picomatch([clean, `${clean}/**`], { dot: true }) };
  });
  return (path) => matchers.find(({ match }) => match(path))?.pattern;
}
