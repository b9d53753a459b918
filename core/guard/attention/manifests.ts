/** What a manifest of packages runs and where it fetches from, apart from versions of packages. */

/** Keys of package.json whose change is shown; the rest names the package and its versions. */
const acting = [
  ...['scripts', 'overrides', 'resolutions', 'pnpm', 'yarn', 'workspaces', 'packageManager', 'bin', 'type', 'imports'],
  ...['jest', 'vitest', 'mocha', 'ava', 'nyc', 'c8', 'tap', 'babel', 'eslintConfig', 'tsd', 'xo', 'browserslist'],
  ...[
    'lint-staged',
    'husky',
    'simple-git-hooks',
    'pre-commit',
    'commitlint',
    'config',
    'gypfile',
    'trustedDependencies',
  ],
  ...['allowScripts', 'repositories', 'autoload-dev', 'dependenciesMeta', 'volta', 'nx', 'wireit'],
];
const lists = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'require', 'require-dev'];
/** A version or a range of versions; anything else is an alias, an address or a folder. */
const version = /^(?:workspace:)?[\s\dxX.*^~<>=|&,v+@a-zA-Z-]*$/;

/** Comparable text of what the manifest does; of a file that is not valid JSON the whole content. */
export function actionsOf(json: string): string {
  if (json.trim() === '') return '';
  try {
    const value = JSON.parse(json) as Record<string, unknown>;
    const parts = acting.map((key) => [key, value[key] ?? null]).filter(([, part]) => part !== null);
    const sources = lists.flatMap((list) =>
      Object.entries((value[list] ?? {}) as Record<string, unknown>).filter(([, spec]) => !version.test(String(spec))),
    );
    return parts.length + sources.length === 0 ? '' : JSON.stringify([parts, sources.sort()]);
  } catch {
    return json;
  }
}

/** Lines of other manifests that fetch from elsewhere, replace a package or run something. */
const lineOf: [file: RegExp, line: RegExp][] = [
  [/(?:^|\/)go\.mod$/, /^\s{0,40}(?:replace|exclude|toolchain|tool)\b|=>/],
  [
    /(?:^|\/)(?:requirements|constraints)[^/]*\.(?:txt|in)$|(?:^|\/)requirements\/[^/]+$/,
    /^\s{0,40}-|:\/\/|\bgit\+|@\s{0,10}file|^\s{0,40}\.{0,2}\//,
  ],
  [
    /(?:^|\/)pyproject\.toml$/,
    /^\s{0,40}\[+(?:build-system|tool\.(?:uv|poetry\.source|pdm|hatch|setuptools|pytest|coverage|tox|nox|poe|ruff|mypy)|project\.(?:scripts|entry-points|gui-scripts))|^\s{0,40}(?:url|git|path|index|build-backend|backend-path|requires|addopts|testpaths|python_files|omit|fail_under|exclude|filterwarnings|norecursedirs|-p)\b/,
  ],
  [
    /(?:^|\/)Cargo\.toml$/,
    /^\s{0,40}\[+(?:patch|replace|profile|test|bench|bin|example|lib|build-dependencies|features|lints|workspace|target)\b|\b(?:git|path|build|test|doctest|harness|autotests|autobenches|default-features|bench)\s{0,10}=/,
  ],
  [
    /(?:^|\/)(?:pom\.xml|[^/]+\.gradle(?:\.kts)?|[^/]+\.(?:cs|fs|vb)proj)$/,
    /test|surefire|failsafe|jacoco|ignorefailures|exclude|include|skip|repositor|url|maven\s{0,10}\{|exec|\bapply\b|plugin|buildscript|target|import project|task/i,
  ],
  [/(?:^|\/)(?:Gemfile|[^/]+\.gemspec|Podfile)$/, /\b(?:git|path|github|source|plugin|eval|system)\b|`/],
  [/(?:^|\/)(?:GNUmakefile|[Mm]akefile|[^/]+\.mk|CMakeLists\.txt|Rakefile|build\.sbt|mix\.exs|build\.xml)$/, /\S/],
];

/** Comparable text of the acting lines of a manifest; undefined for other files. */
export function actingLines(path: string, content: string): string | undefined {
  const [, line] = lineOf.find(([file]) => file.test(path)) ?? [];
  return (
    line &&
    content
      .split('\n')
      .filter((each) => line.test(each))
      .map((each) => each.trim())
      .join('\n')
  );
}

/** Lines of a lock file that say more than a version: scripts of an installation, sources, names behind a name. */
const surprise =
  /"?has(?:Install|Build)Script"?\s{0,10}[:=]|requiresBuild|\bgit(?:\+|:\/\/)|\bhttp:\/\/|\bfile:|\blink:|"name":|\btarball\b|\bsource = "(?!registry)|\btype: git|\bgit@|\bcodeload\.|\breplaced?\b|\bpatch:/;
/** The lines that say where a package comes from; other addresses are those of its authors. */
const origin = /resolved|tarball|resolution|\burl = |remote:/;
const address = /https:\/\/([\w.-]{1,200})/;

/**
 * The first line of a lock file that says more than a version and that the earlier file did not have, or that fetches
 * from a host that it did not name. 1-based.
 */
export function lockSurprise(before: string, after: string): { line: number; what: string } | undefined {
  const known = new Set(before.split('\n').map((line) => line.trim()));
  const hostOf = (line: string): string | undefined => (origin.test(line) ? address.exec(line)?.[1] : undefined);
  const hosts = new Set([...known].map(hostOf));
  const lines = after.split('\n');
  for (const [i, line] of lines.entries()) {
    if (known.has(line.trim())) continue;
    if (surprise.test(line)) return { line: i + 1, what: line.trim().slice(0, 200) };
    const host = hostOf(line);
    if (host !== undefined && before !== '' && !hosts.has(host)) return { line: i + 1, what: `fetches from ${host}` };
  }
  return undefined;
}
