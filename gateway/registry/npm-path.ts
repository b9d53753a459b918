/**
 * What package managers ask of an npm registry, after one percent-decoding: a package, one of its versions, or an archive.
 * Everything else is refused. In particular `%`, `;`, `\` and empty segments: servers behind a registry decode some of
 * these a second time and leave the registry's base.
 */
const part = "(?!\\.|-(?:/|$))[\\w.!~*'()-]{1,214}";
const name = `(?:@${part}/)?${part}`;
const version = '(?!\\.)[\\w.~+-]{1,256}';
const paths = {
  package: new RegExp(`^${name}$`),
  version: new RegExp(`^${name}/${version}$`),
  // Some registries repeat the scope in the name of the file.
  archive: new RegExp(`^${name}/-/(?:@${part}/)?${version}\\.tgz$`),
  // GitHub's registry.
  download: new RegExp(`^download/${name}/${version}/[0-9a-f]{40,128}$`),
} as const;

/**
 * The path as it is sent, below the base of a registry; `undefined` if no package manager asks for it.
 * @param subject The path as it was asked, percent-encoded.
 */
export function npmPath(subject: string): string | undefined {
  if (subject.length > 1_000) return undefined;
  let plain: string;
  try {
    plain = decodeURIComponent(subject);
  } catch {
    return undefined;
  }
  // npm's own form of a scoped package; it is the only one that all registries know.
  if (paths.package.test(plain)) return plain.replace('/', '%2f');
  const isKnown = paths.archive.test(plain) || paths.download.test(plain) || paths.version.test(plain);
  return isKnown ? plain.replaceAll('+', '%2B') : undefined;
}
