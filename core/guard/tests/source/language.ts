/** The languages whose tests are read: those of the toolchains. */
export type Language = 'js' | 'python' | 'java' | 'go' | 'rust';

const endings: [ending: RegExp, language: Language][] = [
  [/\.(?:[cm]?[jt]sx?)$/i, 'js'],
  [/\.py$/i, 'python'],
  [/\.(?:java|kt|kts|groovy)$/i, 'java'],
  [/\.go$/i, 'go'],
  [/\.rs$/i, 'rust'],
];

export const languageOf = (path: string): Language | undefined => endings.find(([ending]) => ending.test(path))?.[1];

const testFile =
  /(?:^|\/)(?:tests?|__tests__|specs?|e2e)\/.*\.(?:[cm]?[jt]sx?|py|java|kt|go|rs)$|\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|\/)test_[^/]+\.py$|_test\.(?:go|py)$|(?:^|\/)[^/]*(?:Tests?|IT|TestCase|Spec)\.(?:java|kt)$/;

/** By the conventions of the toolchains. Any Rust file may contain tests, because Rust keeps them beside the code. */
export const mayHoldTests = (path: string): boolean => testFile.test(path) || path.endsWith('.rs');

/** Whether a file has a name by which runners of Java and Python find tests; those of the other languages are told from their paths. */
export const isNamedForRunner = (path: string): boolean =>
  /(?:Tests?|IT|TestCase|Spec)\.(?:java|kt)$|(?:^|\/)(?:Test[^/]*\.(?:java|kt)|test[^/]*\.py)$|_test\.py$/.test(path);

const systems = 'aix|android|darwin|dragonfly|freebsd|illumos|ios|js|netbsd|openbsd|plan9|solaris|wasip1|windows';
const machines = '386|arm|loong64|mips|mips64|mips64le|mipsle|ppc64|ppc64le|riscv64|s390x|wasm';
const elsewhere = new Set(`${systems}|${machines}`.split('|'));

/** Whether the runner of a toolchain never looks at a path, although it has the name of a test file. */
export function isLeftOut(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  // The names of the folders and files that Go builds for its tests.
  if (name.endsWith('.go'))
    return (
      !name.endsWith('_test.go') ||
      /(?:^|\/)(?:testdata|vendor|[._][^/]*)\//.test(path) ||
      /^[._]/.test(name) ||
      name
        .slice(0, -'_test.go'.length)
        .split('_')
        .slice(1)
        .some((part) => elsewhere.has(part))
    );
  return /(?:^|\/)node_modules\//.test(path);
}

/** Words of a build constraint of Go that hold where the tests run. */
const holds = (word: string): boolean => /^(?:linux|unix|amd64|arm64|cgo|gc|race|go1\.\d{1,3})$/.test(word);

/** Whether a constraint before the first line of code keeps a file of Go from being built on Linux without tags. */
export function isExcludedByTag(source: string): boolean {
  for (const line of source.slice(0, 4_000).split('\n')) {
    const text = line.trim();
    if (text.startsWith('package ')) return false;
    if (text.startsWith('//go:build ')) return !evaluate(text.slice('//go:build '.length, 500));
  }
  return false;
}

/** A constraint in `! && || ( )`, read from left to right with the usual order. */
function evaluate(constraint: string): boolean {
  const parts = constraint.match(/&&|\|\||[!()]|[\w.]+/g) ?? [];
  let at = 0;
  const value = (): boolean => {
    const part = parts[at++];
    if (part === '!') return !value();
    if (part !== '(') return part !== undefined && holds(part);
    const inner = either();
    at++;
    return inner;
  };
  const all = (): boolean => {
    let result = value();
    while (parts[at] === '&&') {
      at++;
      result = value() && result;
    }
    return result;
  };
  const either = (): boolean => {
    let result = all();
    while (parts[at] === '||') {
      at++;
      result = all() || result;
    }
    return result;
  };
  return either();
}
