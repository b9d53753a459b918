/** Tampering with tests, settings, CI, agents and installations: whatever text can tell is refused or shown first. */
import { describe, expect, it } from 'vitest';
import { formatShownFirst, mayBeShownFirst, shownFirst } from '../../../../core/guard/attention/shown-first.ts';
import { basePaths } from '../../../../core/guard/input.ts';
import { weakenedTests } from '../../../../core/guard/weakened.ts';
import { type Edits, type Files, guardInput, link } from './changes.ts';

const js = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add } from '../src/math.js';

test('adds', async () => {
  const sum = await add(1, 2);
  assert.equal(sum, 3);
});

test('adds nothing', () => {
  assert.equal(add(0, 0), 0);
});
`;
const py = `import pytest
from app import add


class TestAdd:
    def test_adds(self):
        assert add(1, 2) == 3

    def test_nothing(self):
        assert add(0, 0) == 0
`;
const java = `class AddTest {
  @Test
  void adds() {
    assertEquals(3, add(1, 2));
  }
}
`;
const go = `package add

func TestAdd(t *testing.T) {
\tif add(1, 2) != 3 {
\t\tt.Fatal("x")
\t}
}
`;
const rust = `pub fn add(a: i32, b: i32) -> i32 { a + b }

#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(super::add(1, 2), 3);
    }
}
`;
/** A change of one file by replacing a piece of it. */
const swap = (path: string, text: string, from: string, to: string): [Files, Edits] => {
  if (!text.includes(from)) throw new Error(`${from} is not there`);
  return [{ [path]: text }, [[path, text.replace(from, () => to)]]];
};
const inJs = (from: string, to: string) => swap('test/math.test.js', js, from, to);
const inPy = (from: string, to: string) => swap('tests/test_add.py', py, from, to);
const inJava = (from: string, to: string) => swap('src/test/java/AddTest.java', java, from, to);
const inGo = (from: string, to: string) => swap('add/add_test.go', go, from, to);
const inRust = (from: string, to: string) => swap('src/lib.rs', rust, from, to);
const changed = (path: string, before = 'old\n', after = 'new\n'): [Files, Edits] => [
  { [path]: before },
  [[path, after]],
];
const added = (path: string, text = 'new\n'): [Files, Edits] => [{}, [[path, text]]];
const gone = (path: string): [Files, Edits] => [{ [path]: 'old\n' }, [[path, null]]];
const pkg = (before: object, after: object): [Files, Edits] =>
  changed('package.json', JSON.stringify({ name: 'a', ...before }), JSON.stringify({ name: 'a', ...after }));
const lock = (before: string, after: string): [Files, Edits] => [
  { 'package-lock.json': before, 'package.json': '{}' },
  [
    ['package-lock.json', after],
    ['package.json', '{"name":"a"}'],
  ],
];
const entry = (more: string) =>
  `{\n"node_modules/a": {\n"resolved": "https://registry.npmjs.org/a.tgz",\n${more}\n}\n}\n`;

const tampering: Record<string, [name: string, situation: [Files, Edits]][]> = {
  'an existing line of a test changed or went': [
    ['a tautology', inJs('assert.equal(sum, 3)', 'assert.equal(3, 3)')],
    ['another expectation', inJs('assert.equal(sum, 3)', 'assert.equal(sum, -1)')],
    ['a weaker matcher', inJs('assert.equal(sum, 3)', 'assert.ok(sum !== undefined)')],
    ['try and catch around an assertion', inJs('  assert.equal(sum, 3);\n', '  try {\n  assert.equal(sum, 3);\n  } catch {}\n')],
    ['a dropped await', inJs('await add', 'add')],
    ['an early return', inJs('  assert.equal(sum, 3);', '  return;\n  assert.equal(sum, 3);')],
    ['if (false)', inJs('  assert.equal(sum, 3);', '  if (false) {\n  assert.equal(sum, 3);\n  }')],
    ['if false on one line', inJs('  assert.equal(sum, 3);', '  if (false)\n  assert.equal(sum, 3);')],
    ['an empty table', inJs("test('adds', async () => {", "test.each([])('adds', async () => {")],
    ['another name for test', inJs("import { test } from 'node:test';", "import { describe as test } from 'node:test';")],
    ['a mock of the module under test', inJs("test('adds', async", "mock.module('../src/math.js', { namedExports: { add: () => 3 } });\ntest('adds', async")],
    ['vi.mock at the top', inJs("\ntest('adds', async", "vi.mock('../src/math.js');\n\ntest('adds', async")],
    ['another import', inJs("'../src/math.js'", "'./fake.js'")],
    ['an import for its effect', inJs("import { test }", "import './patch.js';\nimport { test }")],
    ['process.exit', inJs("\ntest('adds nothing'", "\nprocess.exit(0);\ntest('adds nothing'")],
    ['an assertion function of its own', inJs("\ntest('adds', async", "const assert = { equal() {} };\n\ntest('adds', async")],
    ['a replaced global', inJs("\ntest('adds', async", "globalThis.add = () => 3;\n\ntest('adds', async")],
    ['a replaced method of the assertions', inJs("\ntest('adds', async", "assert.equal = () => {};\n\ntest('adds', async")],
    ['a hook before each test', inJs("\ntest('adds', async", "beforeEach(() => {});\n\ntest('adds', async")],
    ['a comment around a test', inJs("test('adds nothing'", "/*\ntest('adds nothing'")],
    ['a template string around tests', inJs("test('adds nothing'", "`\ntest('adds nothing'")],
    ['assertions in another order', inJs('  const sum = await add(1, 2);\n  assert.equal(sum, 3);', '  assert.equal(sum, 3);\n  const sum = await add(1, 2);')],
    ['another environment', inJs('import assert', `// @${'vitest'}-environment jsdom\nimport assert`)],
    ['a mode of the whole file', inJs('import assert', '/* eslint-disable */ if (process.env.CI) process.exit(0);\nimport assert')],
    ['a trivial test for a real one', inJs("assert.equal(add(0, 0), 0);", 'assert.ok(true);')],
    ['nested tests in Python', inPy('    def test_nothing(self):\n        assert', '        def test_nothing(self):\n            assert')],
    ['__test__ = False', inPy('class TestAdd:\n', 'class TestAdd:\n    __test__ = False\n')],
    ['a renamed class', inPy('class TestAdd', 'class Add')],
    ['triple quotes', inPy('class TestAdd:', '"""\nclass TestAdd:')],
    ['a fixture for every test', inPy('\n\nclass', '\n@pytest.fixture(autouse=True)\ndef skip():\n    pass\n\nclass')],
    ['pytestmark', inPy('\n\nclass', 'pytestmark = pytest.mark.slow\n\nclass')],
    ['monkeypatching', inPy('\n\nclass', 'import app\napp.add = lambda a, b: a + b\nsys.modules["app"] = app\n\nclass')],
    ['if False in Python', inPy('        assert add(1, 2) == 3', '        if False:\n            assert add(1, 2) == 3')],
    ['os._exit', inPy('\n\nclass', 'os._exit(0)\n\nclass')],
    ['assumeTrue', inJava('    assertEquals', '    assumeTrue(false);\n    assertEquals')],
    ['@EnabledOnOs', inJava('  @Test', '  @EnabledOnOs(OS.AIX)\n  @Test')],
    ['@Tag', inJava('  @Test', '  @Tag("slow")\n  @Test')],
    ['@Tag on the class', inJava('class', '@Tag("slow")\nclass')],
    ['a try in Java', inJava('    assertEquals(3, add(1, 2));', '    try {\n    assertEquals(3, add(1, 2));\n    } catch (Error e) {}')],
    ['//go:build never', inGo('package add', '//go:build never\n\npackage add')],
    ['// +build', inGo('package add', '// +build never\n\npackage add')],
    ['testing.Short', inGo('\tif add', '\tif testing.Short() {\n\t\treturn\n\t}\n\tif add')],
    ['TestMain', inGo('func TestAdd', 'func TestMain(m *testing.M) {\n}\n\nfunc TestAdd')],
    ['init() of a test', inGo('func TestAdd', 'func init() {\n\tadd = fake\n}\n\nfunc TestAdd')],
    ['another expectation in Go', inGo('!= 3', '!= 4')],
    ['#[cfg(any())]', inRust('    #[test]', '    #[cfg(any())]\n    #[test]')],
    ['#[cfg(any())] on the module', inRust('#[cfg(test)]', '#[cfg(all(test, any()))]')],
    ['should_panic', inRust('    #[test]', '    #[should_panic]\n    #[test]')],
    ['another expectation in Rust', inRust('1, 2), 3', '1, 2), 4')],
    ['a Rust file whose tests went', inRust('mod tests {', 'mod tests { /*')],
    ['a test that moved to where no runner looks', [{ 'test/a.test.js': js }, [['test/a.test.js', null], ['notes/a.txt', js]]]],
    ['a deleted test of another language', gone('spec/add_spec.rb')],
    ['an emptied test', changed('test/math.test.js', js, '')],
    ['a test that is now a link', [{ 'test/a.test.js': js }, [['test/a.test.js', link('b')]]]],
    ['a test that is no text any more', changed('tests/test_a.py', py, `${py}\0`)],
  ],
  'a test file of another kind': [
    'app/tests.py', 'app/test.py', 'spec/models/user_spec.rb', 'test/user_test.rb', 'tests/Unit/UserTest.php', 'src/UserTests.cs', 'test/user_test.exs',
    'test/cli.bats', 'features/login.feature', 'src/App.spec.vue', 'src/App.test.svelte', 'src/user.cy.ts', 'Tests/UserTests.swift', 'src/UserIT.java', 'src/UserSpec.scala',
    'src/test/kotlin/UserTest.kt', 't/basic.t', 'test/helpers/world.js', 'e2e/login.ts', 'integration-tests/run.py', 'pkg/user_test.go', 'tests/common/mod.rs', 'src/lib_test.dart',
    'playwright/login.ts', 'test_user.lua',
  ].map((path): [string, [Files, Edits]] => [path, changed(path)]),
  'what tests expect or use': [
    ...['test/__snapshots__/a.snap', 'src/a.golden', 'testdata/in.json', 'fixtures/user.json', 'src/a.expected.txt', 'cassettes/login.yaml', 'src/__mocks__/fs.js'].map(
      (path): [string, [Files, Edits]] => [path, changed(path)]),
    ['a new mock of a module', added('src/__mocks__/math.js')],
  ],
  'settings of tests and builds': [
    ...[
      'vite.config.ts', 'vitest.config.mts', 'vitest.workspace.ts', 'jest.setup.js', 'tsconfig.json', 'tsconfig.build.json', 'jsconfig.json', 'biome.json', 'eslint.config.js', '.eslintrc.json', '.babelrc',
      'babel.config.js', '.swcrc', 'bunfig.toml', 'deno.json', 'project.json', 'nx.json', 'turbo.json', 'Taskfile.yml', 'justfile', 'GNUmakefile', 'Makefile', 'rules.mk', 'CMakeLists.txt',
      'scripts/test.sh', 'scripts/run-tests', 'scripts/verify.js', 'bin/ci', 'sitecustomize.py', 'conftest.py', 'tests/conftest.py', 'noxfile.py', 'gradle.properties', 'settings.gradle', 'settings.gradle.kts',
      '.mvn/maven.config', '.mvn/jvm.config', 'src/test/resources/junit-platform.properties', '.cargo/config.toml', '.config/nextest/nextest.toml', 'rust-toolchain.toml', 'phpunit.xml', '.rspec',
      'xunit.runner.json', 'app.runsettings', 'Rakefile', 'mix.exs', 'go.work', '.coveragerc', 'codecov.yml', 'Directory.Build.props', 'setupTests.ts',
    ].map((path): [string, [Files, Edits]] => [path, changed(path)]),
    ['a new one', added('vite.config.ts')],
    ['a deleted one', gone('tsconfig.json')],
    ['go.mod replace', changed('go.mod', 'module a\n', 'module a\nreplace b => ./fake\n')],
    ['[[bin]] test = false', changed('Cargo.toml', '[package]\nname = "a"\n', '[package]\nname = "a"\n[[bin]]\ntest = false\n')],
    ['[patch]', changed('Cargo.toml', '[package]\nname = "a"\n', '[package]\nname = "a"\n[patch.crates-io]\n')],
    ['another backend', changed('pyproject.toml', '[project]\nname = "a"\n', '[project]\nname = "a"\n[build-system]\nbuild-backend = "x"\n')],
    ['skipTests', changed('pom.xml', '<a/>\n', '<a/>\n<skipTests>true</skipTests>\n')],
  ],
  'installations': [
    ['postinstall', pkg({}, { scripts: { postinstall: 'node x' } })],
    ['prepare', pkg({ scripts: { test: 'a' } }, { scripts: { test: 'a', prepare: 'node x' } })],
    ['pretest', pkg({ scripts: { test: 'a' } }, { scripts: { test: 'a', pretest: 'node x' } })],
    ['any script', pkg({ scripts: { start: 'a' } }, { scripts: { start: 'b' } })],
    ['a script that went', pkg({ scripts: { lint: 'a' } }, {})],
    ['overrides', pkg({}, { overrides: { a: '1' } })],
    ['resolutions', pkg({}, { resolutions: { a: '1' } })],
    ['imports', pkg({}, { imports: { '#a': './b.js' } })],
    ['the module type', pkg({ type: 'module' }, {})],
    ['an alias', pkg({}, { dependencies: { a: 'npm:b@1' } })],
    ['a package from git', pkg({}, { devDependencies: { a: 'github:b/c' } })],
    ['a package from a folder', pkg({}, { dependencies: { a: 'file:../a' } })],
    ['another package manager', pkg({}, { packageManager: 'pnpm@9.0.0' })],
    ['a manifest that is not JSON', changed('package.json', '{}', '{')],
    ['scripts of composer', changed('composer.json', '{}', '{"scripts":{"test":"true"}}')],
    ['node-options', changed('.npmrc', 'a=1\n', 'node-options=--require ./x.js\n')],
    ['a new .npmrc', added('.npmrc', 'script-shell=./sh\n')],
    ['.yarnrc.yml', changed('.yarnrc.yml')],
    ['a plugin of yarn', added('.yarn/plugins/x.cjs')],
    ['.pnpmfile.cjs', added('.pnpmfile.cjs')],
    ['setup.py', changed('setup.py')],
    ['build.rs', added('build.rs')],
    ['binding.gyp', added('binding.gyp')],
    ['a patch of a package', added('patches/a+1.0.0.patch')],
    ['an index of requirements', changed('requirements.txt', 'a==1\n', '--index-url https://evil.example\na==1\n')],
    ['a requirement from git', changed('requirements-dev.txt', 'a==1\n', 'a @ git+https://evil.example/a\n')],
    ['an install script in the lock file', lock(entry('"version": "1"'), entry('"version": "2",\n"hasInstallScript": true'))],
    ['an alias in the lock file', lock(entry('"version": "1"'), entry('"name": "b",\n"version": "1"'))],
    ['another host in the lock file', lock(entry('"version": "1"'), entry('"version": "1"').replace('registry.npmjs.org', 'evil.example'))],
    ['a git source in the lock file', lock(entry('"version": "1"'), entry('"version": "1"').replace('https://registry.npmjs.org', 'git+ssh://git@evil.example'))],
    ['a lock file alone', changed('package-lock.json', entry('"version": "1"'), entry('"version": "2"'))],
    ['requiresBuild', [{ 'pnpm-lock.yaml': 'a:\n' }, [['pnpm-lock.yaml', 'a:\n  requiresBuild: true\n'], ['package.json', '{}']]]],
  ],
  'CI, hooks and reviewers': [
    'CODEOWNERS', 'docs/CODEOWNERS', '.github/CODEOWNERS', '.github/workflows/ci.yml', '.gitlab-ci.yml', '.gitlab/ci/test.yml', 'Jenkinsfile', '.circleci/config.yml', '.buildkite/pipeline.yml', 'azure-pipelines.yml',
    'bitbucket-pipelines.yml', '.travis.yml', '.drone.yml', '.woodpecker.yml', '.cirrus.yml', 'buildspec.yml', '.husky/pre-commit', 'lefthook.yml', '.pre-commit-config.yaml', 'renovate.json', '.renovaterc', '.lintstagedrc.json', '.mergify.yml',
  ].flatMap((path): [string, [Files, Edits]][] => [[path, changed(path)], [`a new ${path}`, added(path)]]),
  'instructions of agents': [
    'AGENTS.md', 'docs/AGENTS.md', 'CLAUDE.md', 'CLAUDE.local.md', 'GEMINI.md', '.cursor/rules/a.mdc', '.cursorrules', '.claude/settings.json', '.claude/commands/a.md', '.mcp.json', '.vscode/mcp.json', '.gemini/settings.json',
    '.codex/config.toml', '.github/copilot-instructions.md', '.windsurfrules', '.clinerules', '.roo/rules/a.md', '.junie/guidelines.md', '.kiro/steering/a.md', 'opencode.json', '.aider.conf.yml', '.agents/skills/a/SKILL.md', 'skills/a/SKILL.md',
  ].flatMap((path): [string, [Files, Edits]][] => [[path, changed(path)], [`a new ${path}`, added(path)], [`no ${path}`, gone(path)]]),
  'machines of those who open the repository': [
    '.vscode/tasks.json', '.vscode/settings.json', '.idea/runConfigurations/a.xml', '.devcontainer/devcontainer.json', '.devcontainer.json', '.envrc', '.env', '.env.test', '.gitattributes', '.gitmodules', 'mise.toml', '.exrc', '.githooks/pre-push',
  ].flatMap((path): [string, [Files, Edits]][] => [[path, changed(path)], [`a new ${path}`, added(path)]]),
}; // biome-ignore format: one case a line

/** Everyday work, of which the approver sees nothing first. */
const everyday: [name: string, situation: [Files, Edits]][] = [
  ['code', changed('src/math.js')],
  ['a new test file', added('test/more.test.js', js)],
  ['one more test', inJs("test('adds nothing'", "test('adds more', async () => {\n  assert.equal(await add(2, 2), 4);\n});\n\ntest('adds nothing'")],
  ['one more test at the end', changed('test/math.test.js', js, `${js}\ntest('adds less', () => {\n  const [a, b] = [1, -1];\n  assert.equal(add(a, b), 0);\n});\n`)],
  ['one more test in Python', changed('tests/test_add.py', py, `${py}\n    def test_more(self):\n        assert add(2, 2) == 4\n`)],
  ['a table of Python tests', changed('tests/test_add.py', py, `${py}\n    @pytest.mark.parametrize("a", [1, 2])\n    def test_more(self, a):\n        assert add(a, 0) == a\n`)],
  ['one more test in Go', changed('add/add_test.go', go, `${go}\nfunc TestMore(t *testing.T) {\n\tif add(2, 2) != 4 {\n\t\tt.Fatal("x")\n\t}\n}\n`)],
  ['one more test in Java', inJava('  @Test', '  @Test\n  void more() {\n    assertEquals(4, add(2, 2));\n  }\n\n  @Test')],
  ['one more test in Rust', inRust('    #[test]', '    #[test]\n    fn more() {\n        assert_eq!(super::add(2, 2), 4);\n    }\n\n    #[test]')],
  ['one more name of an import', inJs("import { test } from 'node:test';\n", "import { test } from 'node:test';\nimport { sub } from '../src/sub.js';\n")],
  ['Rust code beside its tests', inRust('{ a + b }', '{ b + a }')],
  ['blank lines and line ends in a test', changed('test/math.test.js', js, js.replaceAll('\n\n', '\n\n\n').replaceAll('\n', '\r\n'))],
  ['a new snapshot', added('test/__snapshots__/b.snap')],
  ['one more entry of a snapshot', changed('test/__snapshots__/a.snap', 'a\n', 'a\nb\n')],
  ['a new fixture', added('fixtures/b.json')],
  ['a version of a dependency', pkg({ dependencies: { a: '^1.0.0' } }, { dependencies: { a: '^2.0.0', b: '~1.2.3', c: 'workspace:*' } })],
  ['a lock file with it', lock(entry('"version": "1"'), entry('"version": "2",\n"funding": {"url": "https://github.com/sponsors/a"}'))],
  ['a dependency of Go', changed('go.mod', 'module a\nrequire b v1\n', 'module a\nrequire b v2\n')],
  ['a requirement', changed('requirements.txt', 'a==1\n', 'a==2\n')],
  ['a dependency of Cargo', changed('Cargo.toml', '[dependencies]\na = "1"\n', '[dependencies]\na = "2"\n')],
  ['documents', changed('docs/testing.md')],
  ['an example of variables', changed('.env.example')],
  ['names that only look alike', changed('src/latest.go')],
  ...['src/contest.py', 'src/features/login.tsx', 'locales/it/messages.json', 'src/Commit.java', 'src/unit.ts', 'scripts/checkout.sh', 'src/attestation.ts', 'src/inspect.py', 'src/testimonials.tsx', 'src/agents/index.ts', 'src/ci.ts', 'src/specification.md'].map(
    (path): [string, [Files, Edits]] => [path, changed(path)]),
]; // biome-ignore format: one case a line

const look = ([base, edits]: [Files, Edits]) => {
  const { change, tree, base: contents, task } = guardInput({ base, edits });
  // Only what the guard reads of the base.
  const read = new Set(basePaths(change.manifest.entries, tree, 300, mayBeShownFirst));
  return {
    first: shownFirst({ change, task, base: new Map([...contents].filter(([path]) => read.has(path))) }),
    weakened: weakenedTests({ change, base: contents, task }),
  };
};

describe('is shown to the approver first, with path and line', () => {
  for (const [kind, cases] of Object.entries(tampering)) {
    describe(kind, () => {
      it.each(cases)('%s', (_, situation) => {
        const { first, weakened } = look(situation);
        expect(first.length + weakened.length).toBeGreaterThan(0);
        for (const each of first)
          expect(each).toMatchObject({ line: expect.any(Number), message: expect.stringContaining(': ') });
      });
    });
  }
});

describe('is not shown first', () => {
  it.each(everyday)('%s', (_, situation) => {
    expect(look(situation).first).toEqual([]);
  });
});

describe('what is shown first', () => {
  it('names the line that differs', () => {
    expect(formatShownFirst(look(inJs('assert.equal(sum, 3)', 'assert.equal(3, 3)')).first)).toBe(
      'TestsChanged: test/math.test.js:7: 1 existing line is changed, moved or gone: existing tests',
    );
    expect(look(inJs("\ntest('adds nothing'", "\nprocess.exit(0);\ntest('adds nothing'")).first).toMatchObject([
      { line: 10 },
    ]);
    expect(look(inRust('1, 2), 3', '1, 2), 4')).first).toMatchObject([{ rule: 'TestsChanged', line: 7 }]);
  });

  it('has the tests before the rest, and is cut for a person', () => {
    const edits: Edits = [
      ...Array.from({ length: 150 }, (_, i): Edits[number] => [`p${i}/AGENTS.md`, 'x']),
      ['test/a.test.js', null],
    ];
    const { first } = look([{ 'test/a.test.js': js }, edits]);
    expect(first[0]).toMatchObject({ rule: 'TestsChanged', path: 'test/a.test.js' });
    expect(formatShownFirst(first).split('\n')).toHaveLength(101);
    expect(formatShownFirst(first)).toMatch(/and 51 more$/);
  });
});

describe('names that a clone on Windows cannot have', () => {
  const told = (path: string, base: Files = {}) =>
    shownFirst(guardInput({ edits: [[path, 'x\n']], base })).map(({ rule, path: named }) => `${rule} ${named}`);

  it.each([
    'src/aux.c',
    'NUL',
    'a/con.test.txt',
    'a. ',
    'dir./file',
    'a:b',
    'a\\b',
    'what?.md',
    'com1.js',
    'x/LPT9',
  ])('%s is shown first, unless it was there before', (path) => {
    expect(told(path)).toContain(`NameNotPortable ${path}`);
    expect(told(path, { [path]: 'w\n' })).not.toContain(`NameNotPortable ${path}`);
  });

  it.each([
    ['AGENT\u017F.md', 'AgentInstructionsChanged'],
    ['.cur\u017For/rules/a.md', 'AgentInstructionsChanged'],
    ['.v\u017Fcode/tasks.json', 'MachineSettingsChanged'],
  ])('%s is what a file system reads that folds its letters: %s', (path, rule) => {
    expect(told(path)).toContain(`${rule} ${path}`);
  });

  it.each([
    'src/auxiliary.c',
    'console.js',
    'com.js',
    'a.b.c',
    '.gitignore',
    'lpt.md',
    'nullable.ts',
    'ä ö.md',
  ])('%s is not', (path) => {
    expect(told(path).filter((line) => line.startsWith('NameNotPortable'))).toEqual([]);
  });
});

describe('a file that the spec names', () => {
  const base = { 'test/a.test.js': js, 'AGENTS.md': 'a\n', '.github/workflows/ci.yml': 'on: push\n' };
  const edits: Edits = Object.keys(base).map((path) => [path, 'other\n']);
  const namedBy = (...target: string[]) =>
    shownFirst(guardInput({ edits, base, target })).flatMap(({ path, named }) => (named ? [path] : []));

  it.each([
    [['AGENTS.md'], ['AGENTS.md']],
    [
      ['./AGENTS.md', 'test/a.test.js'],
      ['AGENTS.md', 'test/a.test.js'],
    ],
    [['test/**'], ['test/a.test.js']],
    [['test'], ['test/a.test.js']],
    [['**'], []],
    [['**/*.test.js'], []],
    [['*.md', '.github/**', '.github'], []],
    [[], []],
  ])('by %j is shown too, and a vote of --yes may approve it: %j', (target, expected) => {
    expect(namedBy(...target).sort()).toEqual([...expected].sort());
    expect(shownFirst(guardInput({ edits, base, target }))).toHaveLength(3);
  });

  it('comes after the files that it does not name', () => {
    const [first] = shownFirst(guardInput({ edits, base, target: ['test/**', 'AGENTS.md'] }));
    expect(first).toMatchObject({ path: '.github/workflows/ci.yml', named: false });
  });
});
