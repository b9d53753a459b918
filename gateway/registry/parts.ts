import type { registries } from '../../core/task-spec/package-managers.ts';
import { npmPath } from './npm-path.ts';
import { plainPath } from './plain-path.ts';

export type RegistryKind = (typeof registries)[number];

/** One server of a registry, as the mirror serves it below `/registry/<name>/`. */
export interface Part {
  kind: RegistryKind;
  /** Public base URL. */
  url: string;
  /** The path as it is sent below the base, `undefined` if no client of the kind asks for it. */
  path(subject: string): string | undefined;
  /** Part to which links of the documents of this part lead, apart from itself. */
  links?: string;
}

/** The simple API (https://packaging.python.org/specifications/simple-repository-api/), the JSON API, and files. */
const pypiPaths =
  /^(?:simple\/(?:[A-Za-z0-9][\w.-]{0,200}\/)?|pypi\/[A-Za-z0-9][\w.-]{0,200}\/(?:[\w.+!-]{1,100}\/)?json|(?:[\w.~-]{1,100}\/){0,8}packages\/.+)$/;
/** The index (https://doc.rust-lang.org/cargo/reference/registry-index.html). */
const cratePaths = /^(?:config\.json|[12]\/[\w-]{1,2}|3\/[\w-]\/[\w-]{3}|[\w-]{2}\/[\w-]{2}\/[\w-]{4,64})$/;
/** The module proxy (https://go.dev/ref/mod#goproxy-protocol); a module path encodes capitals as `!` and the letter. */
const modulePaths = /^[\w.~!/-]+\/@(?:latest|v\/(?:list|[\w.+!-]+\.(?:info|mod|zip|ziphash)))$/;
/** The checksum database (https://go.dev/design/25530-sumdb). */
const sumPaths =
  /^(?:supported|latest|lookup\/[\w.~!/+-]+@[\w.+!-]+|tile\/\d+\/(?:data\/)?(?:x?\d{3}\/)*\d{3}(?:\.p\/\d+)?)$/;

const matching =
  (pattern: RegExp) =>
  (subject: string): string | undefined => {
    const path = plainPath(subject);
    return path !== undefined && pattern.test(path) ? path : undefined;
  };

const parts = {
  npm: { kind: 'npm', url: 'https://registry.npmjs.org/', path: npmPath },
  pypi: { kind: 'pypi', url: 'https://pypi.org/', path: matching(pypiPaths), links: 'pypi-files' },
  'pypi-files': { kind: 'pypi', url: 'https://files.pythonhosted.org/', path: matching(/^packages\/.+$/) },
  maven: { kind: 'maven', url: 'https://repo.maven.apache.org/maven2/', path: plainPath },
  'gradle-plugins': { kind: 'maven', url: 'https://plugins.gradle.org/m2/', path: plainPath },
  'gradle-distributions': {
    kind: 'maven',
    url: 'https://services.gradle.org/distributions/',
    path: matching(/^gradle-[\w.-]+\.zip(?:\.sha256)?$/),
  },
  go: { kind: 'go', url: 'https://proxy.golang.org/', path: matching(modulePaths) },
  'go-sum': { kind: 'go', url: 'https://sum.golang.org/', path: matching(sumPaths) },
  crates: { kind: 'crates', url: 'https://index.crates.io/', path: matching(cratePaths), links: 'crates-files' },
  'crates-files': {
    kind: 'crates',
    url: 'https://static.crates.io/crates/',
    path: matching(/^[\w-]{1,64}\/[\w.+-]{1,100}\/download$/),
  },
} as const satisfies Record<string, Part>;

type PartName = keyof typeof parts;

export const partOf = (name: string): Part | undefined =>
  Object.hasOwn(parts, name) ? parts[name as PartName] : undefined;

/** The public base URL of each part. */
export const publicRegistries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(parts).map(([name, { url }]) => [name, url]),
);

/** Base URLs of the parts whose kind is allowed. */
export const allowedParts = (
  urls: Readonly<Record<string, string>>,
  kinds: readonly string[],
): Record<string, string> =>
  Object.fromEntries(Object.entries(urls).filter(([name]) => kinds.includes(partOf(name)?.kind ?? name)));

/** An index of Python ends with `/simple`: `https://host/api/pypi/simple/` → `https://host/api/pypi/`. */
export const simpleRoot = (index: string): string => index.replace(/simple\/?$/, '');

/**
 * Hosts that tools and lock files name: below which path of a host which part is. Their requests are answered as those to
 * `/registry/<part>/`.
 */
export const registryHosts: readonly { host: string; prefix: string; part: PartName }[] = [
  { host: 'registry.yarnpkg.com', prefix: '/', part: 'npm' },
  { host: 'repo1.maven.org', prefix: '/maven2/', part: 'maven' },
  ...(Object.entries(parts) as [PartName, Part][]).map(([part, { url }]) => {
    const { hostname, pathname } = new URL(url);
    return { host: hostname, prefix: pathname, part };
  }),
];

/**
 * The part that `/registry/<subject>` names, and the path below it. Go asks its proxy for the checksum database at
 * `go/sumdb/sum.golang.org/`.
 */
export function splitSubject(subject: string): { name: string; path: string } {
  const sum = /^go\/sumdb\/sum\.golang\.org\/(.*)$/s.exec(subject);
  if (sum) return { name: 'go-sum', path: sum[1] ?? '' };
  const slash = subject.indexOf('/');
  return slash < 0 ? { name: subject, path: '' } : { name: subject.slice(0, slash), path: subject.slice(slash + 1) };
}
