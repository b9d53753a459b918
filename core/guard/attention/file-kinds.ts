import { foldedName } from '../paths.ts';

/**
 * Files that act on tests, builds, machines, reviews or the next agent. A change of them is shown to the approver first,
 * because it can matter more than its lines say.
 */

export type FileKind =
  | 'TestsChanged'
  | 'ExpectedResultsChanged'
  | 'TestSettingsChanged'
  | 'CiChanged'
  | 'AgentInstructionsChanged'
  | 'InstallationChanged'
  | 'MachineSettingsChanged'
  | 'BinaryChanged'
  | 'GeneratedChanged'
  | 'NameNotPortable';

/** What a change of a kind means, for a person. */
export const meaning: Record<FileKind, string> = {
  TestsChanged: 'existing tests',
  ExpectedResultsChanged: 'results that tests expect, or data and mocks that they use',
  TestSettingsChanged: 'how tests, checks or the build run',
  CiChanged: 'what CI, hooks, bots or reviewers do',
  AgentInstructionsChanged: 'instructions that every later agent reads',
  InstallationChanged: 'what an installation runs or fetches',
  MachineSettingsChanged: 'what runs on the machines of those who open the repository',
  BinaryChanged: 'code that no diff shows',
  GeneratedChanged: 'text that reviewers do not read, because a program should have written it',
  NameNotPortable: 'whether others can clone the repository',
};

/** Names are the last part of a path. Both are matched in lower case, but for `cased`. */
interface Kind {
  kind: FileKind;
  names: RegExp;
  folders?: RegExp;
  cased?: RegExp;
}

/** The first kind that matches counts. */
const kinds: Kind[] = [
  {
    kind: 'AgentInstructionsChanged',
    names:
      /^(?:agents?|claude|gemini|copilot-instructions|codex|warp|skill)(?:\.local|\.override)?\.md$|^\.?mcp\.json$|^\.(?:cursorrules|cursorignore|windsurfrules|clinerules|roorules|goosehints|rules|aider[^/]*)$|^(?:opencode|crush)\.jsonc?$/,
    folders:
      /(?:^|\/)\.(?:claude|cursor|gemini|codex|windsurf|clinerules|continue|roo|junie|kiro|amazonq|opencode|agents?|goose|copilot)\//,
  },
  {
    kind: 'CiChanged',
    names:
      /^codeowners$|^\.gitlab-ci[^/]*\.ya?ml$|^jenkinsfile|^\.?(?:azure-pipelines|bitbucket-pipelines|appveyor|travis|drone|woodpecker|cirrus|cloudbuild|buildspec|semaphore)[^/]*\.ya?ml$|^\.pre-commit-(?:config|hooks)\.yaml$|^\.?lefthook(?:-local)?\.ya?ml$|^\.?(?:lintstagedrc|lint-staged\.config|huskyrc|releaserc|release\.config)|^\.?renovate(?:rc)?(?:\.json5?)?$|^dependabot\.ya?ml$|^\.mergify\.yml$/,
    folders: /(?:^|\/)\.(?:github|gitlab|circleci|buildkite|azure-pipelines|teamcity|woodpecker|husky|semaphore|ci)\//,
  },
  {
    kind: 'InstallationChanged',
    names:
      /^\.(?:npmrc|yarnrc|yarnrc\.yml|pypirc|gemrc|condarc)$|^\.?pnpmfile\.cjs$|^pnpm-workspace\.yaml$|^pip\.(?:conf|ini)$|^(?:setup\.py|build\.rs|binding\.gyp|nuget\.config|extconf\.rb)$|^(?:pre|post)?install\.(?:sh|ps1|py|[cm]?js)$/,
    folders: /(?:^|\/)\.yarn\/(?:plugins|releases)\/|(?:^|\/)(?:node_modules|patches)\//,
  },
  {
    kind: 'MachineSettingsChanged',
    names:
      /^\.env(?!.*(?:example|sample|template|dist))|^\.git(?:attributes|modules|config)$|^\.?(?:mise\.toml|tool-versions|devcontainer\.json)$|^\.gitpod\.ya?ml$|^\.(?:exrc|nvimrc|vimrc|gdbinit|lldbinit)$/,
    folders: /(?:^|\/)\.(?:vscode|idea|devcontainer|fleet|zed|githooks|git-hooks)\//,
  },
  {
    kind: 'ExpectedResultsChanged',
    names: /\.(?:snap|snapshot|golden|expected|approved|verified)(?:\.\w{1,10})?$/,
    folders:
      /(?:^|\/)(?:__snapshots__|__image_snapshots__|__mocks__|__fixtures__|fixtures?|goldens?|testdata|test[-_]data|cassettes?)\//,
  },
  {
    kind: 'TestSettingsChanged',
    names:
      /^(?:vite|vitest|jest|playwright|karma|cypress|mocha|ava|babel|swc|wdio|nightwatch|stryker|nyc|c8|web-test-runner|detox|setup-?tests?|jest[-.]?setup|vitest[-.]?setup|test-?setup)\.(?:[\w-]{1,40}\.){0,3}[\w-]{1,40}$|^\.(?:mocharc|nycrc|c8rc|coveragerc|taprc|babelrc|swcrc|eslintrc|eslintignore|rspec|simplecov|testcaferc|flake8|pylintrc|golangci|rubocop)|^(?:pytest\.ini|tox\.ini|noxfile\.py|conftest\.py|sitecustomize\.py|usercustomize\.py|setup\.cfg|mypy\.ini|\.?ruff\.toml|pyrightconfig\.json|codecov\.ya?ml|phpunit\.xml(?:\.dist)?|phpstan\.neon(?:\.dist)?|behat\.ya?ml|xunit\.runner\.json|junit-platform\.properties|testng[^/]*\.xml|gradle\.properties|settings\.gradle(?:\.kts)?|init\.gradle|rust-toolchain(?:\.toml)?|bunfig\.toml|deno\.jsonc?|biome\.jsonc?|project\.json|nx\.json|turbo\.json|lerna\.json|taskfile\.ya?ml|justfile|go\.work|\.bazelrc|[jt]sconfig[^/]*\.json|eslint\.config\.\w{1,4}|directory\.build\.(?:props|targets)|application-test\.\w{1,10})$|\.(?:runsettings|testsettings|xctestplan)$/,
    folders:
      /(?:^|\/)\.(?:mvn|cargo|config\/nextest)\/|(?:^|\/)(?:scripts?|bin|tools?|hack)\/(?:[^/]*[._-])?(?:tests?|spec|check|verify|coverage|lint|ci)(?:[._-][^/]*)?$|(?:^|\/)(?:scripts?|bin|tools?|hack)\/(?:run|do)[._-]?tests?[^/]*$/,
  },
  {
    kind: 'TestsChanged',
    names:
      /[._-](?:tests?|specs?|e2e|cy)\.[\w.]{1,20}$|^(?:tests?|specs?)[._-][^/]*\.\w{1,6}$|^(?:tests?|specs?)\.\w{1,6}$|\.(?:bats|feature|t|robot|phpt|hurl)$/,
    folders:
      /(?:^|\/)(?:tests?|__tests__|specs?|e2e|testing|unittests?|integration[-_]?tests?|acceptance[-_]?tests?|step[-_]?definitions|cypress|playwright|androidtest|test[-_]?(?:utils?|helpers?|support|suite|harness)|[^/]{1,100}[._-]tests?|[^/]{1,100}tests)\//,
    cased: /(?:[a-z0-9](?:Tests?|TestCase|Spec|Specs|IT)|^Test[A-Z]\w{0,100})\.\w{1,6}$/,
  },
];

/** The kind of a path; undefined for a file that only is what its lines say. */
export function kindOf(path: string): FileKind | undefined {
  const lower = foldedName(path);
  const at = lower.lastIndexOf('/') + 1;
  const [name, cased] = [lower.slice(at), path.slice(at)];
  return kinds.find((each) => each.names.test(name) || each.folders?.test(lower) || each.cased?.test(cased))?.kind;
}

/** Files that a package manager writes. */
export const isLockFile = (path: string): boolean =>
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|poetry\.lock|uv\.lock|pdm\.lock|pipfile\.lock|cargo\.lock|go\.sum|gemfile\.lock|composer\.lock|mix\.lock|gradle\.lockfile|packages\.lock\.json|podfile\.lock|pubspec\.lock)$/i.test(
    path,
  );
