import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayWeaken } from '../../../../core/guard/attention/compared.ts';
import { basePaths } from '../../../../core/guard/input.ts';
import { weakenedTests } from '../../../../core/guard/weakened.ts';
import { type Edits, type Files, guardInput, violationsOf } from './changes.ts';

const two = "it('a', () => expect(1).toBe(1));\ntest('b', () => expect(2).toBe(2));\n";
const python = 'def test_a():\n    assert f() == 1\n';
const java = 'class ATest {\n  @Test\n  void a() { assertEquals(1, f()); }\n}\n';
const go = 'func TestA(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Fatal("x")\n\t}\n}\n';
const rust = '#[test]\nfn a() { assert_eq!(f(), 1); }\n';
const node = "test('a', () => {});\n";

const weaker: [name: string, base: Files, edits: Edits][] = [
  ['a deleted test file', { 'a.test.ts': two }, [['a.test.ts', null]]],
  ['an emptied test file', { 'a.test.ts': two }, [['a.test.ts', '']]],
  ['one test fewer', { 'a.test.ts': two }, [['a.test.ts', "it('a', () => expect(1).toBe(1));\n"]]],
  ['a test that became a comment', { 'a.test.ts': two }, [['a.test.ts', `// ${two.replace('\n', '\n// ')}`]]],
  ['tests in a block comment', { 'a.test.ts': two }, [['a.test.ts', `/*\n${two}*/\n`]]],
  [
    'a test file that moved to where no runner looks',
    { 'a.test.ts': two },
    [
      ['a.test.ts', null],
      ['a.txt', two],
    ],
  ],
  ['it.skip', { 'a.test.ts': two }, [['a.test.ts', two.replace('it(', 'it.skip(')]]],
  ['it.only', { 'a.test.ts': two }, [['a.test.ts', two.replace('it(', 'it.only(')]]],
  ['test.todo', { 'a.test.ts': two }, [['a.test.ts', two.replace('test(', 'test.todo(')]]],
  ['describe.skip', { 'a.test.ts': two }, [['a.test.ts', `describe.skip('x', () => {\n${two}});\n`]]],
  ['it.concurrent.skip', { 'a.test.ts': two }, [['a.test.ts', two.replace('it(', 'it.concurrent.skip(')]]],
  ['it.skipIf', { 'a.test.ts': two }, [['a.test.ts', two.replace('it(', 'it.skipIf(true)(')]]],
  [
    'QUnit.test.skip',
    { 'test/a.js': "QUnit.test('a', (assert) => assert.equal(f(), 1));\n" },
    [['test/a.js', "QUnit.test.skip('a', (assert) => assert.equal(f(), 1));\n"]],
  ],
  ['xit', { 'a.spec.js': two }, [['a.spec.js', two.replace('it(', 'xit(')]]],
  ['fdescribe', { 'a.spec.js': two }, [['a.spec.js', `fdescribe('x', () => {\n${two}});\n`]]],
  ['this.skip()', { 'test/a.js': two }, [['test/a.js', two.replace('() =>', 'function () { this.skip(); },')]]],
  ['node:test skip: true', { 'a.test.mjs': node }, [['a.test.mjs', "test('a', { skip: true }, () => {});\n"]]],
  [
    'node:test skip with a reason',
    { 'a.test.mjs': node },
    [['a.test.mjs', "test('a', { skip: 'flaky' }, () => {});\n"]],
  ],
  ['node:test skip by a condition', { 'a.test.mjs': node }, [['a.test.mjs', "test('a', { skip: !x }, () => {});\n"]]],
  ['node:test todo', { 'a.test.mjs': node }, [['a.test.mjs', "test('a', { todo: true }, () => {});\n"]]],
  ['node:test t.skip()', { 'a.test.mjs': node }, [['a.test.mjs', "test('a', (t) => t.skip());\n"]]],
  ['@pytest.mark.skip', { 'test_a.py': python }, [['test_a.py', `@pytest.mark.skip\n${python}`]]],
  [
    'pytestmark for a whole file',
    { 'test_a.py': python },
    [['test_a.py', `pytestmark = pytest.mark.skip("x")\n${python}`]],
  ],
  ['@pytest.mark.xfail', { 'test_a.py': python }, [['test_a.py', `@pytest.mark.xfail\n${python}`]]],
  ['pytest.skip()', { 'test_a.py': python }, [['test_a.py', python.replace('assert', 'pytest.skip("x")\n    assert')]]],
  ['@unittest.skipIf', { 'test_a.py': python }, [['test_a.py', `@unittest.skipIf(True, "x")\n${python}`]]],
  [
    'self.skipTest()',
    { 'test_a.py': python },
    [['test_a.py', python.replace('assert', 'self.skipTest("x")\n    assert')]],
  ],
  ['a renamed Python test', { 'test_a.py': python }, [['test_a.py', python.replace('test_a', 'helper_a')]]],
  ['@Disabled', { 'src/ATest.java': java }, [['src/ATest.java', java.replace('@Test', '@Disabled @Test')]]],
  ['@Ignore', { 'src/ATest.kt': java }, [['src/ATest.kt', java.replace('@Test', '@Ignore("x") @Test')]]],
  ['@Test taken away', { 'src/ATest.java': java }, [['src/ATest.java', java.replace('@Test', '')]]],
  ['t.Skip', { 'a_test.go': go }, [['a_test.go', go.replace('{\n', '{\n\tt.Skip("x")\n')]]],
  ['t.SkipNow', { 'a_test.go': go }, [['a_test.go', go.replace('{\n', '{\n\tt.SkipNow()\n')]]],
  ['a build tag that is never set', { 'a_test.go': go }, [['a_test.go', `//go:build ignore\n\n${go}`]]],
  ['#[ignore]', { 'src/lib.rs': rust }, [['src/lib.rs', rust.replace('\n', '\n#[ignore]\n')]]],
  ['#[ignore = "reason"]', { 'src/lib.rs': rust }, [['src/lib.rs', rust.replace('\n', '\n#[ignore = "x"]\n')]]],
  [
    '#[cfg_attr(…, ignore)]',
    { 'src/lib.rs': rust },
    [['src/lib.rs', rust.replace('\n', '\n#[cfg_attr(all(), ignore)]\n')]],
  ],
  ['a Rust test beside the code', { 'src/lib.rs': `fn f() {}\n${rust}` }, [['src/lib.rs', 'fn f() {}\n']]],
  [
    'a skip traded for another',
    { 'a.test.ts': 'it.skip("a");\n', 'b.test.ts': 'it("b");\n' },
    [
      ['a.test.ts', 'it("a");\n'],
      ['b.test.ts', 'it.skip("b");\n'],
    ],
  ],
];

const notWeaker: [name: string, base: Files, edits: Edits][] = [
  ['a new test', { 'a.test.ts': two }, [['a.test.ts', `${two}it('c', () => expect(3).toBe(3));\n`]]],
  [
    'a moved test',
    { 'a.test.ts': two, 'b.test.ts': '' },
    [
      ['a.test.ts', ''],
      ['b.test.ts', two],
    ],
  ],
  [
    'a renamed test file',
    { 'a.test.ts': two },
    [
      ['a.test.ts', null],
      ['b.test.ts', two],
    ],
  ],
  [
    'a renamed file with skipped tests',
    { 'a.test.ts': 'it.skip("a");\n' },
    [
      ['a.test.ts', null],
      ['b.test.ts', 'it.skip("a");\n'],
    ],
  ],
  ['a skip that is taken away', { 'a.test.ts': 'it.skip("a");\n' }, [['a.test.ts', 'it("a");\n']]],
  ['a new file of tests', {}, [['a.test.ts', two]]],
  ['a test that is written over', { 'a.test.ts': two }, [['a.test.ts', two.replaceAll('1', '5')]]],
  [
    'pagination in a test',
    { 'a.test.ts': two },
    [['a.test.ts', two.replace('expect(1)', 'expect(page({ skip: 10, take: 5 }))')]],
  ],
  [
    'a list of things to do in a test',
    { 'a.test.ts': two },
    [['a.test.ts', two.replace('expect(1)', "expect({ todo: 'buy milk' })")]],
  ],
  ['code that is not a test', { 'src/iterator.ts': 'it(1);\n' }, [['src/iterator.ts', 'submit(1);\n']]],
  ['a build tag that can be set', { 'a_test.go': go }, [['a_test.go', `//go:build linux\n\n${go}`]]],
];

const scripts = (test: string, more = {}) => JSON.stringify({ scripts: { test, start: 'node .' }, ...more });
const redirected: [name: string, base: Files, edits: Edits][] = [
  ['the test script', { 'package.json': scripts('vitest') }, [['package.json', scripts('true')]]],
  [
    'a script the test command may call',
    { 'package.json': '{"scripts":{"unit":"vitest"}}' },
    [['package.json', '{"scripts":{"unit":":"}}']],
  ],
  [
    'a setting of the runner in package.json',
    { 'package.json': scripts('jest') },
    [['package.json', scripts('jest', { jest: { bail: 1 } })]],
  ],
  ['a package.json that is not valid JSON any more', { 'package.json': scripts('jest') }, [['package.json', '{']]],
  ['the runner configuration', { 'vitest.config.ts': 'a' }, [['vitest.config.ts', 'b']]],
  ['a new runner configuration', {}, [['jest.config.js', 'module.exports = { testPathIgnorePatterns: ["."] }']]],
  ['a deleted runner configuration', { '.mocharc.yml': 'spec: test' }, [['.mocharc.yml', null]]],
  [
    'pytest in pyproject.toml',
    { 'pyproject.toml': '[tool.pytest.ini_options]\naddopts = ""\n' },
    [['pyproject.toml', '[tool.pytest.ini_options]\naddopts = "-k x"\n']],
  ],
  ['skipTests in Maven', { 'pom.xml': '<a/>' }, [['pom.xml', '<a/>\n<skipTests>true</skipTests>']]],
  ['failures that Gradle ignores', { 'build.gradle': 'test {}' }, [['build.gradle', 'test {}\nignoreFailures = true']]],
  ['tests of Cargo', { 'Cargo.toml': '[lib]\nname = "a"\n' }, [['Cargo.toml', '[lib]\nname = "a"\ntest = false\n']]],
  ['fewer assertions', { 'a.test.ts': two }, [['a.test.ts', two.replace('expect(1).toBe(1)', 'undefined')]]],
];

const settled: [name: string, base: Files, edits: Edits][] = [
  [
    'another script',
    { 'package.json': scripts('vitest') },
    [['package.json', scripts('vitest').replace('node .', 'node a')]],
  ],
  [
    'a dependency',
    { 'package.json': scripts('vitest') },
    [['package.json', scripts('vitest', { dependencies: { a: '1' } })]],
  ],
  [
    'the order of the keys',
    { 'package.json': '{"scripts":{"test":"a","lint":"b"}}' },
    [['package.json', '{"scripts":{"lint":"b","test":"a"}}']],
  ],
  [
    'a dependency in pyproject.toml',
    { 'pyproject.toml': '[project]\na = 1\n[tool.pytest]\nx = 1\n' },
    [['pyproject.toml', '[project]\na = 2\n[tool.pytest]\nx = 1\n']],
  ],
  ['a new package without tests', {}, [['pkg/package.json', '{"name":"x"}']]],
];

const find = (base: Files, edits: Edits, target?: string[]) =>
  weakenedTests(guardInput({ base, edits, ...(target ? { target } : {}) }));

describe('weakened tests (R45)', () => {
  it.each(weaker)('refuses %s', async (_, base, edits) => {
    const found = await find(base, edits);
    expect([found.length > 0, found.every((v) => v.rule === 'TestsWeakened' && v.refused)]).toEqual([true, true]);
  });

  it.each(notWeaker)('does not take %s for weaker', async (_, base, edits) => {
    expect(await find(base, edits)).toEqual([]);
  });

  it.each(redirected)('shows but does not refuse: %s', async (_, base, edits) => {
    expect((await find(base, edits)).map(({ refused }) => refused)).toEqual([false]);
    expect(await violationsOf({ base, edits })).toEqual([]);
  });

  it.each(settled)('does not show: %s', async (_, base, edits) => {
    expect(await find(base, edits)).toEqual([]);
  });

  it('leaves a configuration alone that the spec names, and shows the test script even then', async () => {
    const base = { 'vitest.config.ts': 'a', 'package.json': scripts('vitest') };
    const edits: Edits = [
      ['vitest.config.ts', 'b'],
      ['package.json', scripts('true')],
    ];
    expect((await find(base, edits, ['vitest.config.ts', 'package.json'])).map(({ path }) => path)).toEqual([
      'package.json',
    ]);
  });

  it('is no violation once a person accepted this very change', async () => {
    const situation = { base: { 'a.test.ts': two }, edits: [['a.test.ts', null]] as Edits };
    expect((await violationsOf(situation)).map(({ rule }) => rule)).toEqual(['TestsWeakened']);
    expect(await violationsOf({ ...situation, weakeningAccepted: true })).toEqual([]);
  });

  it('refuses test files that are too large together, because their tokens are held at the same time', () => {
    const text = `${two}${'// x\n'.repeat(200_000)}`;
    const files = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.test.ts`, text]));
    const found = find(
      files,
      Object.keys(files).map((path) => [path, `${text}\n`]),
    );
    expect(found.map(({ path }) => path)).toEqual(['b.test.ts', 'c.test.ts']);
    expect(found.every(({ refused, message }) => refused && message.includes('bytes of test files'))).toBe(true);
  });

  it('reads no base content of files that cannot matter', async () => {
    const files = { 'src/a.ts': 'a', 'a.test.ts': two, 'package.json': '{}' };
    const { change, tree } = guardInput({ base: files, edits: Object.keys(files).map((path) => [path, 'x']) });
    const reads = basePaths(change.manifest.entries, tree, 300, mayWeaken);
    expect(reads).toEqual(['a.test.ts', 'package.json']);
  });

  it('spreading tests over files is never weaker, losing one always is', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }),
        fc.nat(11),
        async (all, to, drop) => {
          const spread = (tests: string[]): Edits =>
            [0, 1, 2].map((file) => [
              `test/${file}.test.ts`,
              tests
                .filter((_, i) => to[i] === file)
                .map((name) => `it('${name}', () => {});\n`)
                .join(''),
            ]);
          const base = { 'old.test.ts': all.map((name) => `it('${name}', () => {});\n`).join('') };
          expect(await find(base, [['old.test.ts', null], ...spread(all)])).toEqual([]);
          const fewer = all.filter((_, i) => i !== drop % all.length);
          expect(await find(base, [['old.test.ts', null], ...spread(fewer)])).not.toEqual([]);
        },
      ),
    );
  });
});
