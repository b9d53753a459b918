import type { CredentialHeader } from '../../core/egress/rule.ts';
import type { GatewaySettings } from '../config.ts';
import { type Part, partOf, type RegistryKind } from './parts.ts';

/** Where the mirror finds what is asked. */
export interface Upstream {
  /** Base URL, with a slash at the end. */
  base: string;
  credential: CredentialHeader | undefined;
  /** Name of the mirror below `/registry/` to which links of documents lead. */
  mirror: string;
}

export const asFolder = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

/** The part whose registry is asked: an index of crates says where its archives are. */
export const askedPart = (name: string): string => (name === 'crates-files' ? 'crates' : name);

/** `pypi~0`: the first private registry of the policy, as part `pypi`. */
const ofPrivate = /^([a-z-]+)~(\d{1,3})$/;

/** The part that a name of a mirror means, and the private registry that it names. */
export function mirrorOf(name: string): { part: Part; partName: string; index: number | undefined } | undefined {
  const [, partName = name, index] = ofPrivate.exec(name) ?? [];
  const part = partOf(partName);
  return part && { part, partName, index: index === undefined ? undefined : Number(index) };
}

/**
 * Whether a path belongs to a scope of private packages: an npm scope, a prefix of a module, a group of Maven, or a
 * project of Python, whose name may end with `*`. It never falls back to the public registry.
 */
const inScope: Record<RegistryKind, (path: string, scope: string) => boolean> = {
  npm: (path, scope) =>
    path
      .replace('%2f', '/')
      .replace(/^download\//, '')
      .startsWith(`${scope}/`),
  pypi(path, scope) {
    const project = /^(?:simple|pypi)\/([^/]+)/.exec(path)?.[1] ?? '';
    return scope.endsWith('*')
      ? plainName(project).startsWith(plainName(scope.slice(0, -1)))
      : plainName(project) === plainName(scope);
  },
  go: (path, scope) => asFolder(path).startsWith(asFolder(escapedModule(scope))),
  maven: (path, scope) => path.startsWith(`${scope.replaceAll('.', '/')}/`),
  crates: () => false,
};

/** PEP 503. */
const plainName = (name: string): string => name.replace(/[-_.]+/g, '-').toLowerCase();
/** https://go.dev/ref/mod#goproxy-protocol */
const escapedModule = (path: string): string => path.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);

/**
 * Where a path of a mirror is asked: at a private registry that its name or its scope chooses, or at the configured one.
 * @param path As the part's grammar gives it.
 */
export function upstreamOf(
  { registries, private: own }: Pick<GatewaySettings, 'registries' | 'private'>,
  { part, partName, index }: NonNullable<ReturnType<typeof mirrorOf>>,
  path: string,
): Upstream | undefined {
  const chosen =
    index ??
    own.findIndex(({ kind, scope }) => kind === part.kind && scope !== undefined && inScope[kind](path, scope));
  const found = own[chosen];
  if (found !== undefined) {
    if (found.kind !== part.kind) return undefined;
    const mirror = index === undefined && part.kind !== 'pypi' ? partName : `${partName}~${chosen}`;
    return { base: asFolder(found.url), credential: found.credential, mirror };
  }
  if (index !== undefined) return undefined;
  const asked = askedPart(partName);
  const base = Object.hasOwn(registries, asked) ? registries[asked] : undefined;
  const general = own.find(({ kind, scope, url }) => kind === part.kind && scope === undefined && url === base);
  return base === undefined ? undefined : { base: asFolder(base), credential: general?.credential, mirror: partName };
}

/** Whether the checksum database is asked about a module of a private registry, whose name it must not learn. */
export const isPrivateModule = ({ private: own }: Pick<GatewaySettings, 'private'>, path: string): boolean =>
  own.some(
    ({ kind, scope }) =>
      kind === 'go' &&
      scope !== undefined &&
      asFolder(path.replace(/^lookup\//, '').replace('@', '/')).startsWith(asFolder(escapedModule(scope))),
  );
