// biome-ignore-all lint/suspicious/noTemplateCurlyInString: sources that hold templates
/** Everyday changes beside tests, in all five toolchains. */
import { go, junit4, junit5, rust } from './bases-compiled.ts';
import { jest, mocha, nodeTest, vitest } from './bases-js.ts';
import { pytest, unittest } from './bases-python.ts';
import { gone, innocent, moved, swap, swapAll, whole } from './kit.ts';

const cart = 'src/__tests__/cart.test.js';
const slug = 'src/slug.test.ts';
const queue = 'test/queue.spec.js';
const parse = 'test/parse.test.mjs';
const invoice = 'tests/test_invoice.py';
const lru = 'tests/test_lru.py';
const price = 'src/test/java/shop/PriceTest.java';
const csv = 'src/test/java/CsvTest.java';
const stack = 'stack_test.go';
const lib = 'src/lib.rs';
const api = 'tests/api.rs';

export const everyday = [
  innocent('jest: only the source changes', jest, swap('src/cart.js', ["throw new RangeError('count must be positive')", "throw new RangeError('count is not positive')"])),
  innocent('jest: an import has another path', jest, moved('src/cart.js', 'src/model/cart.js'), swap(cart, ["require('../cart')", "require('../model/cart')"])),
  innocent('jest: a todo for later', jest, swap(cart, ["  it('refuses a count", "  it.todo('gives a discount from ten items');\n\n  it('refuses a count"])),
  innocent('jest: a skip is taken away', { ...jest, [cart]: String(jest[cart]).replace("it('adds up", "it.skip('adds up") }, swap(cart, ['it.skip(', 'it('])),
  innocent('jest: a group is renamed', jest, swap(cart, ["describe('Cart'", "describe('a cart of the shop'"])),
  innocent('jest: a group is taken apart', jest, swap(cart, ["  it('refuses a count", "});\n\ndescribe('limits of Cart', () => {\n  let cart;\n  beforeEach(() => {\n    cart = new Cart();\n  });\n\n  it('refuses a count"])),
  innocent('jest: mocks are reset', jest, swap(cart, ['    cart = new Cart();\n', '    jest.clearAllMocks();\n    cart = new Cart();\n'])),
  innocent('jest: a collaborator is mocked in a new test', jest, whole('src/__tests__/mail.test.js', "const { send } = require('../mail');\nconst smtp = require('../smtp');\n\njest.mock('../smtp');\n\nit('sends by SMTP', async () => {\n  smtp.deliver.mockResolvedValue('ok');\n  await expect(send('a@example.com')).resolves.toBe('ok');\n});\n"), whole('src/mail.js', "const smtp = require('./smtp');\nexports.send = (to) => smtp.deliver(to);\n")),
  innocent('jest: toBe becomes toEqual for an object of another class', jest, swap(cart, ['expect(cart.items).toEqual([])', 'expect(cart.items).toStrictEqual([])'])),
  innocent('jest: a test of an array has its length checked by the content', jest, swap(cart, ['    expect(cart.items).toHaveLength(2);\n', "    expect(cart.items.map(({ name }) => name)).toEqual(['pen', 'ink']);\n"])),
  innocent('jest: a new snapshot test', jest, whole('src/__tests__/label.test.js', "const { label } = require('../label');\n\ntest('a label', () => {\n  expect(label('pen')).toMatchSnapshot();\n});\n"), whole('src/__tests__/__snapshots__/label.test.js.snap', '// Jest Snapshot v1\n\nexports[`a label 1`] = `"PEN"`;\n')),
  innocent('jest: a lint script', jest, swap('package.json', ['"lint": "eslint src"', '"lint": "eslint src --max-warnings 0"'])),
  innocent('vitest: the source changes its message, the tests too', vitest, swap('src/slug.ts', ["'too many'", "'no free slug'"]), swap(slug, ["'too many'", "'no free slug'"])),
  innocent('vitest: a retry of the connection in a test helper', vitest, whole('src/test-utils/server.ts', "export async function listening(port: number): Promise<void> {\n  for (let i = 0; i < 50; i++) {\n    try {\n      await fetch(`http://127.0.0.1:${port}`);\n      return;\n    } catch {\n      await new Promise((resolve) => setTimeout(resolve, 20));\n    }\n  }\n  throw new Error('does not listen');\n}\n")),
  innocent('vitest: another alias in the configuration', vitest, swap('vitest.config.ts', ['export default defineConfig({\n', "export default defineConfig({\n  resolve: { alias: { '~': '/src' } },\n"])),
  innocent('vitest: typed mocks', vitest, swap(slug, ['vi.fn(async (name: string) => name', 'vi.fn<(name: string) => Promise<boolean>>(async (name) => name'])),
  innocent('vitest: a job for the documents', vitest, swap('.github/workflows/ci.yml', ['      - run: npm test\n', '      - run: npm test\n  docs:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: npx vitepress build docs\n'])),
  innocent('mocha: a lambda for a helper', mocha, swap(queue, ["describe('Queue', function () {\n", "const filled = (...jobs) => {\n  const queue = new Queue(jobs.length);\n  jobs.forEach((job) => queue.push(job));\n  return queue;\n};\n\ndescribe('Queue', function () {\n"], ["    const queue = new Queue(3);\n    ['a', 'b', 'c'].forEach((job) => queue.push(job));\n", "    const queue = filled('a', 'b', 'c');\n"])),
  innocent('mocha: names of groups', mocha, swap(queue, ["context('when full'", "context('without room'"])),
  innocent('node:test: t.test becomes a test', nodeTest, swap(parse, [`test('refuses a line without a name', async (t) => {
  await t.test('empty', () => {
    assert.throws(() => parse(''), SyntaxError);
  });
  await t.test('only a value', () => {
    assert.throws(() => parse('=1'), { message: 'no name: =1' });
  });
});`, `test('refuses an empty line', () => {
  assert.throws(() => parse(''), SyntaxError);
});

test('refuses a line that is only a value', () => {
  assert.throws(() => parse('=1'), { message: 'no name: =1' });
});`])),
  innocent('node:test: the messages change', nodeTest, swap('parse.mjs', ['no name: ', 'a name is missing: ']), swap(parse, ["'no name: =1'", "'a name is missing: =1'"])),
  innocent('pytest: an unused import goes', pytest, swap(invoice, ['from decimal import Decimal\n\nimport pytest\n', 'import pytest\nfrom decimal import Decimal\n'])),
  innocent('pytest: ids for parameters', pytest, swap(invoice, ['        ("cap;0;10", ("cap", Decimal("0"), 10)),\n    ],\n', '        ("cap;0;10", ("cap", Decimal("0"), 10)),\n    ],\n    ids=["default count", "count", "free"],\n'])),
  innocent('pytest: a temporary folder', pytest, swap(invoice, ['def test_total_of_nothing():\n    assert total([]) == 0', 'def test_total_of_nothing(tmp_path, monkeypatch):\n    monkeypatch.chdir(tmp_path)\n    assert total([]) == 0'])),
  innocent('pytest: a class for functions', pytest, swap(invoice, ['def test_total_of_nothing():\n    assert total([]) == 0', 'class TestTotal:\n    def test_of_nothing(self):\n        assert total([]) == 0'])),
  innocent('pytest: a test is moved to another file', pytest, swap(invoice, ['def test_parse_line_without_price():\n    with pytest.raises(ValueError, match="no price"):\n        parse_line("pen")\n\n\n', '']), whole('tests/test_parse_line.py', 'import pytest\n\nfrom shop.invoice import parse_line\n\n\ndef test_parse_line_without_price():\n    with pytest.raises(ValueError, match="no price"):\n        parse_line("pen")\n')),
  innocent('pytest: black changes quotes', pytest, swapAll(invoice, '"', "'")),
  innocent('pytest: ruff has more rules', pytest, swap('pyproject.toml', ['[tool.pytest', '[tool.ruff]\nline-length = 100\n\n[tool.pytest'])),
  innocent('unittest: subtests', unittest, swap(lru, ['        with self.assertRaises(KeyError):\n            self.lru.get("nope")', '        for key in ("nope", "", None):\n            with self.subTest(key=key), self.assertRaises(KeyError):\n                self.lru.get(key)'])),
  innocent('unittest: a message for an assertion', unittest, swap(lru, ['self.assertEqual(self.lru.get("a"), 1)', 'self.assertEqual(self.lru.get("a"), 1, "what was put is there")'])),
  innocent('JUnit 5: nested classes', junit5, swap(price, ['  @Test\n  void refusesNegativePrices() {\n    var thrown = assertThrows(IllegalArgumentException.class, () -> new Price(-1));\n    assertEquals("negative: -1", thrown.getMessage());\n  }\n', '  @Nested\n  class Limits {\n    @Test\n    void refusesNegativePrices() {\n      var thrown = assertThrows(IllegalArgumentException.class, () -> new Price(-1));\n      assertEquals("negative: -1", thrown.getMessage());\n    }\n  }\n'])),
  innocent('JUnit 5: a field is final', junit5, swap(price, ['  private Price ten;\n\n  @BeforeEach\n  void setUp() {\n    ten = new Price(1000);\n  }\n', '  private final Price ten = new Price(1000);\n'])),
  innocent('JUnit 4: becomes JUnit 5', junit4, swap(csv, ['import static org.junit.Assert.*;', 'import static org.junit.jupiter.api.Assertions.*;'], ['import org.junit.Test;', 'import org.junit.jupiter.api.Test;'], ['  @Test(expected = NullPointerException.class)\n  public void refusesNull() {\n    Csv.split(null);', '  @Test\n  public void refusesNull() {\n    assertThrows(NullPointerException.class, () -> Csv.split(null));'], ['@Test(timeout = 1000)', '@Test @Timeout(1)']), swap('build.gradle', ["'junit:junit:4.13.2'", "'org.junit.jupiter:junit-jupiter:5.10.2'"], ["  maxHeapSize = '512m'\n", "  maxHeapSize = '512m'\n  useJUnitPlatform()\n"])),
  innocent('Go: subtests with names', go, swap(stack, ['\ts := &Stack[string]{}\n\tif _, err := s.Pop(); !errors.Is(err, ErrEmpty) {\n\t\tt.Fatalf("got %v, want ErrEmpty", err)\n\t}\n', '\tt.Run("string", func(t *testing.T) {\n\t\ts := &Stack[string]{}\n\t\tif _, err := s.Pop(); !errors.Is(err, ErrEmpty) {\n\t\t\tt.Fatalf("got %v, want ErrEmpty", err)\n\t\t}\n\t})\n'])),
  innocent('Go: an example', go, swap(stack, ['func TestPop(t', 'func ExampleStack() {\n\ts := &Stack[int]{}\n\ts.Push(1)\n\tfmt.Println(s.Pop())\n\t// Output: 1 <nil>\n}\n\nfunc TestPop(t'])),
  innocent('Go: a newer version', go, swap('go.mod', ['go 1.22', 'go 1.23'])),
  innocent('Rust: one more test', rust, swap(lib, ['    #[test]\n    fn refuses_zero', '    #[test]\n    fn writes_forty_less_one() {\n        assert_eq!(roman(39).unwrap(), "XXXIX");\n    }\n\n    #[test]\n    fn refuses_zero'])),
  innocent('Rust: the message changes', rust, swap(lib, ['format!("out of range: {n}")', 'format!("not between 1 and 39: {n}")'], ['err.contains("out of range")', 'err.contains("not between")'], ['expected = "out of range"', 'expected = "not between"'])),
  innocent('Rust: rustfmt', rust, swap(api, ['    assert_eq!(roman(n).as_deref(), Ok(expected), "of {n}");', '    assert_eq!(\n        roman(n).as_deref(),\n        Ok(expected),\n        "of {n}"\n    );'])),
  innocent('all: a folder of documents goes', jest, gone('docs/testing.md')),
]; // biome-ignore format: one change a line
