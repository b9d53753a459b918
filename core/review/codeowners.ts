/** Where GitHub looks for the file, in this order; the first existing file counts. */
export const codeownersPaths = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

/** Each owner once, without the `@`; teams as `org/team`. */
interface Owners {
  logins: string[];
  teams: string[];
  emails: string[];
}

/**
 * Owners of changed paths by GitHub's rules for CODEOWNERS: the last line that matches a path names its owners; a line
 * without owners removes them. Patterns are those of gitignore without `!`, `[ ]` and `\#`. Invalid lines are skipped,
 * as on GitHub.
 * Source: GitHub Docs, "About code owners".
 */
export function ownersOf(file: string, paths: string[]): Owners {
  const rules = file.split(/\r\n?|\n/).flatMap((line) => ruleOf(line) ?? []);
  rules.reverse();
  const owners = paths.flatMap((path) => {
    const parts = path.split('/');
    return rules.find((rule) => rule.owns(parts))?.owners ?? [];
  });
  const once = (kind: RegExp): string[] => {
    const found = owners.filter((owner) => kind.test(owner)).map((owner) => owner.replace(/^@/, ''));
    return [...new Map(found.reverse().map((owner) => [owner.toLowerCase(), owner])).values()].reverse();
  };
  return { logins: once(login), teams: once(team), emails: once(email) };
}

const login = /^@[a-z0-9](?:[a-z0-9_-]{0,99})$/i;
const team = /^@[a-z0-9][a-z0-9-]{0,99}\/[a-z0-9_][a-z0-9._-]{0,99}$/i;
const email = /^[^\s@]+@[^\s@]+$/;

interface Rule {
  owners: string[];
  owns(parts: string[]): boolean;
}

function ruleOf(line: string): Rule | undefined {
  const [pattern, ...rest] = line.trim().match(/(?:\\.|[^\s\\])+/g) ?? [];
  if (pattern === undefined || pattern.startsWith('#')) return undefined;
  const comment = rest.findIndex((word) => word.startsWith('#'));
  const owners = comment < 0 ? rest : rest.slice(0, comment);
  if (!owners.every((owner) => login.test(owner) || team.test(owner) || email.test(owner))) return undefined;
  // A backslash escapes a blank in a name; GitHub supports no other use of it.
  const glob = pattern.replaceAll('\\ ', ' ');
  if (/^!|[[\]\\]/.test(glob)) return undefined;
  const owns = matcher(glob);
  return owns && { owners, owns };
}

/** `**` stands for any number of folders; a pattern that names a folder matches everything below it. */
function matcher(glob: string): Rule['owns'] | undefined {
  const parts = glob.replace(/^\/|\/$/g, '').split('/');
  if (parts.includes('')) return undefined;
  const anchored = glob.replace(/\/$/, '').includes('/');
  const rooted = anchored ? parts : ['**', ...parts];
  const below = (folder: string[]): string[] => [...folder, '*', '**'];
  const last = parts.at(-1);
  const accepted =
    last === '**'
      ? [below(rooted.slice(0, -1))]
      : glob.endsWith('/')
        ? [below(rooted)]
        : // `docs/*` matches the files in docs, not those in its subfolders.
          anchored && last === '*'
          ? [rooted]
          : [rooted, below(rooted)];
  return (path) => accepted.some((each) => matches(each, path, '**', nameMatches));
}

const nameMatches = (glob: string, name: string): boolean =>
  matches([...glob], [...name], '*', (char, other) => char === '?' || char === other);

/**
 * Whether a sequence matches a pattern in which `any` stands for any number of items. Only the last `any` is retried,
 * so the time is at most the product of both lengths.
 */
function matches(pattern: string[], items: string[], any: string, same: (a: string, b: string) => boolean): boolean {
  let at = 0;
  let retry: { pattern: number; item: number } | undefined;
  for (let item = 0; item < items.length; ) {
    const wanted = pattern[at];
    if (wanted === any) {
      retry = { pattern: ++at, item };
    } else if (wanted !== undefined && same(wanted, items[item] ?? '')) {
      at++;
      item++;
    } else if (retry) {
      at = retry.pattern;
      item = ++retry.item;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((rest) => rest === any);
}
