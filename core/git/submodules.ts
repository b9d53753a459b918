/** A submodule as `.gitmodules` declares it. */
export interface Declared {
  path: string;
  url: string;
}

/** A repository that the policy lists. */
interface Listed {
  host: 'git' | 'github';
  /** Path of a repository on this machine. */
  url?: string;
}

/** Bytes of a `.gitmodules` file that is read, and submodules of one file. */
export const maxGitmodules = 64 * 1024;
const maxDeclared = 200;

/**
 * Reads `.gitmodules`: the sections, keys and quotes that `git submodule add` writes. Whatever else the file has is
 * ignored; a submodule that is then not found is named as missing.
 */
export function parseGitmodules(text: string): Declared[] {
  const found: Partial<Declared>[] = [];
  let current: Partial<Declared> | undefined;
  for (const line of text.slice(0, maxGitmodules).split('\n')) {
    const part = line.trim();
    if (part.startsWith('[')) {
      current = /^\[submodule "/i.test(part) ? {} : undefined;
      if (current && found.length < maxDeclared) found.push(current);
      continue;
    }
    const equals = part.indexOf('=');
    if (current === undefined || equals < 0) continue;
    const key = part.slice(0, equals).trim().toLowerCase();
    if (key === 'path' || key === 'url') current[key] = unquoted(part.slice(equals + 1).trim());
  }
  return found.flatMap(({ path, url }) => (path && url ? [{ path: withoutSlash(path), url }] : []));
}

const unquoted = (value: string): string =>
  value.startsWith('"') && value.endsWith('"') && value.length > 1
    ? value.slice(1, -1).replace(/\\(["\\])/g, '$1')
    : value;

/**
 * The name of the repository in the policy that a submodule's URL means: the one at the same path of this machine, or
 * the one whose OWNER/NAME the URL ends with. The commit that is pinned decides on the content.
 * @param parent Repository that declares the submodule; relative URLs are relative to it.
 */
export function repositoryOf(
  url: string,
  parent: { name: string; location: string },
  repositories: Readonly<Record<string, Listed>>,
): string | undefined {
  const relative = /^\.\.?(\/|$)/.test(url);
  const path = relative ? resolved(parent.location, url) : url.replace(/^file:\/\//, '');
  for (const [name, listed] of Object.entries(repositories))
    if (listed.host === 'git' && listed.url !== undefined && path.startsWith('/') && bare(listed.url) === bare(path))
      return name;
  const asked = nameOf(relative ? resolved(parent.name, url) : url);
  return Object.keys(repositories).find((name) => name.toLowerCase() === asked);
}

/** `https://host/a/owner/name.git`, `git@host:owner/name` → `owner/name`. */
function nameOf(url: string): string | undefined {
  const parts = bare(url)
    .split(/[/:]/)
    .filter((part) => part !== '');
  return parts.length < 2 ? undefined : parts.slice(-2).join('/').toLowerCase();
}

function withoutSlash(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

const bare = (url: string): string => {
  const whole = withoutSlash(url);
  return whole.endsWith('.git') ? whole.slice(0, whole.endsWith('/.git') ? -5 : -4) : whole;
};

function resolved(from: string, relative: string): string {
  const parts = bare(from).split('/');
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** A URL for people: without a user or password, and not endless. */
export const shownUrl = (url: string): string =>
  url
    .replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1')
    .replace(/[\p{C}\p{Z}]/gu, '?')
    .slice(0, 300);
