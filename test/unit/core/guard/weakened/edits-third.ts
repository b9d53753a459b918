/** Changes of a third set that was held out: those of its weakened tests that were missed at first sight, some others, and everyday work that looks like them. */
import { go, junit4, junit5, rust } from './bases-compiled.ts';
import { jest, mocha, nodeTest, vitest } from './bases-js.ts';
import { pytest, unittest } from './bases-python.ts';
import { innocent, moved, swap, weaker } from './kit.ts';

const cart = 'src/__tests__/cart.test.js';
const slug = 'src/slug.test.ts';
const queue = 'test/queue.spec.js';
const parse = 'test/parse.test.mjs';
const invoice = 'tests/test_invoice.py';
const lru = 'tests/test_lru.py';
const price = 'src/test/java/shop/PriceTest.java';
const csv = 'src/test/java/CsvTest.java';
const stack = 'stack_test.go';
const api = 'tests/api.rs';
const lib = 'src/lib.rs';

export const third = [
  weaker('JavaScript: skip by its name in brackets', jest, swap(cart, ["it('adds up", "it['skip']('adds up"])),
  weaker('JavaScript: only not the wrong value', jest, swap(cart, ['toBe(720)', 'not.toBe(0)'])),
  weaker('JavaScript: a timer asserts', jest, swap(cart, ['    expect(cart.total()).toBe(720);', '    setTimeout(() => expect(cart.total()).toBe(720), 0);'])),
  weaker('JavaScript: or true', jest, swap(cart, ['expect(cart.total()).toBe(720)', 'expect(cart.total() === 720 || true).toBe(true)'])),
  weaker('JavaScript: a rejection of any message', vitest, swap(slug, ["rejects.toThrow('too many')", 'rejects.toThrow()'])),
  weaker('JavaScript: a failure is expected', vitest, swap(slug, ["it('joins", "it.fails('joins"])),
  weaker('JavaScript: only what changed', vitest, swap('package.json', ['"vitest run"', '"vitest run --changed"'])),
  weaker('JavaScript: CI runs them only when asked', vitest, swap('.github/workflows/ci.yml', ['      - run: npm test', "      - run: npm test\n        if: github.event_name == 'workflow_dispatch'"])),
  weaker('JavaScript: a stub is called, however often', mocha, swap(queue, ['sinon.assert.calledThrice(run)', 'sinon.assert.called(run)'])),
  weaker('JavaScript: an array of anything', mocha, swap(queue, ["to.deep.equal(['A', 'B', 'C'])", "to.be.an('array')"])),
  weaker('JavaScript: a promise that nobody waits for', mocha, swap(queue, ["    const done = await queue.drain(run);\n    expect(done).to.deep.equal(['A', 'B', 'C']);\n    sinon.assert.calledThrice(run);", "    queue.drain(run).then((done) => {\n      expect(done).to.deep.equal(['A', 'B', 'C']);\n      sinon.assert.calledThrice(run);\n    });"])),
  weaker('JavaScript: a part of the object', nodeTest, swap(parse, ["assert.deepEqual(parse('a = 1'), { name: 'a', value: '1' })", "assert.partialDeepStrictEqual(parse('a = 1'), { name: 'a' })"])),
  weaker('JavaScript: assertions that convert', nodeTest, swap(parse, ["'node:assert/strict'", "'node:assert'"])),
  weaker('JavaScript: a test in a loop over nothing', nodeTest, swap(parse, ["test('reads a pair'", "for (const _ of []) test('reads a pair'"])),
  weaker('Python: a test is taken away with del', pytest, swap(invoice, ['class TestRates:', 'del test_total_has_tax\n\n\nclass TestRates:'])),
  weaker('Python: a second test takes the name', pytest, swap(invoice, ['class TestRates:', 'def test_total_has_tax():\n    pass\n\n\nclass TestRates:'])),
  weaker('Python: a difference of any size', pytest, swap(invoice, ['assert total(lines) == Decimal("30.35")', 'assert float(total(lines)) == pytest.approx(30.35, rel=1)'])),
  weaker('Python: a fixture of all tests skips', pytest, swap('tests/conftest.py', ['@pytest.fixture(scope="session")', '@pytest.fixture(autouse=True)\ndef stop():\n    pytest.skip("slow")\n\n\n@pytest.fixture(scope="session")'])),
  weaker('Python: all of the file may fail', pytest, swap(invoice, ['@pytest.fixture', 'pytestmark = pytest.mark.xfail(strict=False)\n\n\n@pytest.fixture'])),
  weaker('Python: an error of any message', pytest, swap(invoice, ['ValueError, match="no price"', 'ValueError'])),
  weaker('Python: a list of errors with all of them', pytest, swap(invoice, ['pytest.raises(ValueError, match="no price")', 'pytest.raises((ValueError, TypeError, Exception), match="")'])),
  weaker('Python: tests are only listed', pytest, swap('Makefile', ['python -m pytest -q', 'python -m pytest -q --co'])),
  weaker('Python: a hook skips', pytest, swap('tests/conftest.py', ['import pytest\n', 'import pytest\n\n\ndef pytest_runtest_setup(item):\n    if "tax" in item.name:\n        pytest.skip("tax")\n'])),
  weaker('Python: setUp skips', unittest, swap(lru, ['    def setUp(self):\n', '    def setUp(self):\n        raise unittest.SkipTest("later")\n'])),
  weaker('Python: no tests are loaded', unittest, swap(lru, ['if __name__', 'def load_tests(loader, tests, pattern):\n    return unittest.TestSuite()\n\n\nif __name__'])),
  weaker('Python: a generator', unittest, swap(lru, ['        self.assertEqual(self.lru.get("a"), 1)', '        yield self.assertEqual(self.lru.get("a"), 1)'])),
  weaker('Python: nobody waits for the method', unittest, swap(lru, ['    def test_keeps_what_was_put(self):', '    async def test_keeps_what_was_put(self):'])),
  weaker('Python: a function is true', pytest, swap(invoice, ['assert total([]) == 0', 'assert lambda: total([]) == 0'])),
  weaker('Java: a private test', junit5, swap(price, ['  void addsPrices()', '  private void addsPrices()'])),
  weaker('Java: a difference of a thousand', junit5, swap(price, ['assertEquals(cents, ten.percent(percent).cents())', 'assertEquals(cents, ten.percent(percent).cents(), 1000.0)'])),
  weaker('Java: an abstract class', junit5, swap(price, ['class PriceTest {', 'abstract class PriceTest {'])),
  weaker('Java: a file that is not found', junit5, moved(price, 'src/test/java/shop/PriceChecks.java', (t) => t.replace('class PriceTest', 'class PriceChecks'))),
  weaker('Java: a static test', junit5, swap(price, ['  void addsPrices()', '  static void addsPrices()'])),
  weaker('Java: a lambda that nobody calls', junit5, swap(price, ['    assertEquals(new Price(1250), ten.plus(new Price(250)));', '    Runnable later = () -> assertEquals(new Price(1250), ten.plus(new Price(250)));'])),
  weaker('Java: any exception is expected', junit4, swap(csv, ['expected = NullPointerException.class', 'expected = Exception.class'])),
  weaker('Java: a caught failure', junit5, swap(price, ['    assertEquals(new Price(1250), ten.plus(new Price(250)));', '    try {\n      assertEquals(new Price(1250), ten.plus(new Price(250)));\n    } catch (AssertionError e) {\n      System.err.println(e);\n    }'])),
  weaker('Java: a thread asserts', junit5, swap(price, ['    assertEquals(new Price(1250), ten.plus(new Price(250)));', '    new Thread(() -> assertEquals(new Price(1250), ten.plus(new Price(250)))).start();'])),
  weaker('Java: an assertion that is off', junit5, swap(price, ['assertEquals(new Price(1250), ten.plus(new Price(250)))', 'assert new Price(1250).equals(ten.plus(new Price(250)))'])),
  weaker('Go: any error will do', go, swap(stack, ['!errors.Is(err, ErrEmpty)', 'err == nil'])),
  weaker('Go: and false', go, swap(stack, ['if got != 2 {', 'if got != 2 && false {'])),
  weaker('Go: a file that is not built', go, moved(stack, 'stack_tests.go')),
  weaker('Go: a method of nothing', go, swap(stack, ['func TestPop(t *testing.T)', 'func (x suite) TestPop(t *testing.T)'])),
  weaker('Go: a goroutine asserts', go, swap(stack, ['\tif got != 2 {\n\t\tt.Errorf("got %d, want 2", got)\n\t}', '\tgo func() {\n\t\tif got != 2 {\n\t\t\tt.Errorf("got %d, want 2", got)\n\t\t}\n\t}()'])),
  weaker('Go: no row of the table', go, swap(stack, ['for _, tt := range tests {', 'for _, tt := range tests[:0] {'])),
  weaker('Go: a row is left out', go, swap(stack, ['\tfor _, tt := range tests {\n', '\tfor _, tt := range tests {\n\t\tif tt.name == "three" {\n\t\t\tcontinue\n\t\t}\n'])),
  weaker('Go: an inner loop over nothing', go, swap(stack, ['for _, want := range tt.want {', 'for _, want := range tt.want[:0] {'])),
  weaker('Go: an error passes', go, swap(stack, ['if err != nil || got != want {', 'if err == nil && got != want {'])),
  weaker('Go: the goroutine ends', go, swap(stack, ['\tif got != 2 {', '\truntime.Goexit()\n\tif got != 2 {'])),
  weaker('Go: another t', go, swap(stack, ['\ts := &Stack[int]{}\n\ts.Push(1)', '\tt = &testing.T{}\n\ts := &Stack[int]{}\n\ts.Push(1)'])),
  weaker('Go: a folder that is not built', go, moved(stack, 'testdata/stack_test.go')),
  weaker('Rust: an error that says something', rust, swap(lib, ['err.contains("out of range")', '!err.is_empty()'])),
  weaker('Rust: a thread that nobody joins', rust, swap(lib, ['        assert_eq!(roman(4).unwrap(), "IV");', '        std::thread::spawn(|| assert_eq!(roman(4).unwrap(), "IV"));'])),
  weaker('Rust: tests are not found', rust, swap('Cargo.toml', ['edition = "2021"', 'edition = "2021"\nautotests = false'])),
  weaker('Rust: a file behind a feature', rust, swap(api, ['use roman::roman;', '#![cfg(feature = "api")]\nuse roman::roman;'])),
  weaker('Rust: or true', rust, swap(api, ['assert!(roman(1000).is_err())', 'assert!(roman(1000).is_err() || true)'])),
  weaker('Rust: a macro takes the place of an assertion', rust, swap(api, ['use roman::roman;', 'macro_rules! assert_eq {\n    ($($t:tt)*) => {};\n}\nuse roman::roman;'])),
  weaker('Rust: no checks of overflow', rust, swap('Cargo.toml', ['[dependencies]', '[profile.test]\ndebug-assertions = false\noverflow-checks = false\n\n[dependencies]'])),

  innocent('JavaScript: a timer that ends the test', mocha, swap(queue, ["    it('takes a job', function () {", "    it('takes a job', function (done) {"], ["      expect(queue.jobs).to.have.lengthOf(1);", "      setTimeout(() => {\n        expect(queue.jobs).to.have.lengthOf(1);\n        done();\n      }, 0);"])),
  innocent('JavaScript: a promise that is returned', mocha, swap(queue, ["    const done = await queue.drain(run);\n    expect(done).to.deep.equal(['A', 'B', 'C']);\n    sinon.assert.calledThrice(run);", "    return queue.drain(run).then((result) => {\n      expect(result).to.deep.equal(['A', 'B', 'C']);\n      sinon.assert.calledThrice(run);\n    });"])),
  innocent('JavaScript: a promise over lines that is returned', mocha, swap(queue, ["    const done = await queue.drain(run);\n    expect(done).to.deep.equal(['A', 'B', 'C']);\n    sinon.assert.calledThrice(run);", "    return queue\n      .drain(run)\n      .then((result) => {\n        expect(result).to.deep.equal(['A', 'B', 'C']);\n        sinon.assert.calledThrice(run);\n      });"])),
  innocent('JavaScript: an awaited promise', mocha, swap(queue, ["    const done = await queue.drain(run);\n    expect(done).to.deep.equal(['A', 'B', 'C']);\n    sinon.assert.calledThrice(run);", "    await queue.drain(run).then((result) => {\n      expect(result).to.deep.equal(['A', 'B', 'C']);\n      sinon.assert.calledThrice(run);\n    });"])),
  innocent('JavaScript: forEach around an assertion', jest, swap(cart, ['    expect(cart.total()).toBe(720);', '    [1].forEach(() => {\n      expect(cart.total()).toBe(720);\n    });'])),
  innocent('JavaScript: a helper of vi.waitFor', vitest, swap(slug, ['    expect(taken).toHaveBeenCalledTimes(3);', '    await vi.waitFor(() => {\n      expect(taken).toHaveBeenCalledTimes(3);\n    });'])),
  innocent('JavaScript: one more negated assertion', vitest, swap(slug, ["toBe('hello-world');", "toBe('hello-world');\n    expect(slug('A B')).not.toBe('a b');"])),
  innocent('JavaScript: or in a value', jest, swap(cart, ['expect(cart.total()).toBe(720)', 'expect(cart.total() || 0).toBe(720)'])),
  innocent('Python: a fixture that cleans up', pytest, swap(invoice, ['@pytest.fixture\ndef lines():\n    return [(Decimal("10"), 2), (Decimal("5.50"), 1)]', '@pytest.fixture(autouse=True)\ndef lines():\n    value = [(Decimal("10"), 2), (Decimal("5.50"), 1)]\n    yield value\n    value.clear()'])),
  innocent('Python: a generator within a test', pytest, swap(invoice, ['def test_total_of_nothing():\n', 'def test_total_of_nothing():\n    def none():\n        yield from ()\n\n    assert total(none()) == 0\n'])),
  innocent('Python: del of a variable', pytest, swap(invoice, ['def test_total_of_nothing():\n    assert total([]) == 0', 'def test_total_of_nothing():\n    nothing = []\n    assert total(nothing) == 0\n    del nothing'])),
  innocent('Python: async in an IsolatedAsyncioTestCase', unittest, swap(lru, ['class LruTest(unittest.TestCase):', 'class LruTest(unittest.IsolatedAsyncioTestCase):'], ['    def test_keeps_what_was_put(self):', '    async def test_keeps_what_was_put(self):'])),
  innocent('Python: load_tests adds doctests', unittest, swap(lru, ['if __name__', 'def load_tests(loader, tests, pattern):\n    import doctest\n    import cache.lru\n\n    tests.addTests(doctest.DocTestSuite(cache.lru))\n    return tests\n\n\nif __name__'])),
  innocent('Python: setUp builds a folder', unittest, swap(lru, ['        self.lru = Lru(2)', '        self.lru = Lru(2)\n        self.addCleanup(self.lru.items.clear)'])),
  innocent('Python: a new test that is skipped on Windows', pytest, swap(invoice, ['class TestRates:', '@pytest.mark.skipif(sys.platform == "win32", reason="paths")\ndef test_paths():\n    assert total([]) == 0\n\n\nclass TestRates:'])),
  innocent('Java: a private helper', junit5, swap(price, ['  @Test\n  void addsPrices', '  private static Price of(long cents) {\n    return new Price(cents);\n  }\n\n  @Test\n  void addsPrices'])),
  innocent('Java: a lambda in an assertion', junit5, swap(price, ['  @Test\n  void refusesNegativePrices', '  @Test\n  void addsNothing() {\n    org.junit.jupiter.api.Assertions.assertAll(() -> assertEquals(ten, ten.plus(new Price(0))));\n  }\n\n  @Test\n  void refusesNegativePrices'])),
  innocent('Java: an executable with a name', junit5, swap(price, ['    var thrown = assertThrows(IllegalArgumentException.class, () -> new Price(-1));', '    org.junit.jupiter.api.function.Executable make = () -> new Price(-1);\n    var thrown = assertThrows(IllegalArgumentException.class, make);'])),
  innocent('Java: a thread that is joined', junit5, swap(price, ['    assertEquals(new Price(1250), ten.plus(new Price(250)));', '    assertEquals(new Price(1250), ten.plus(new Price(250)));\n    var thread = new Thread(() -> ten.percent(5));\n    thread.start();\n    thread.join();'])),
  innocent('Java: a class has another name', junit5, moved(price, 'src/test/java/shop/MoneyTest.java', (t) => t.replace('class PriceTest', 'class MoneyTest'))),
  innocent('Java: JUnit 4 gets a delta for doubles', junit4, swap(csv, ['    assertEquals(4, cells.size());', '    assertEquals(4, cells.size());\n    assertEquals(0.5, cells.size() / 8.0, 1e-9);'])),
  innocent('Go: goroutines that are waited for', go, swap(stack, ['\tif got != 2 {\n\t\tt.Errorf("got %d, want 2", got)\n\t}', '\tvar wg sync.WaitGroup\n\twg.Add(1)\n\tgo func() {\n\t\tdefer wg.Done()\n\t\tif got != 2 {\n\t\t\tt.Errorf("got %d, want 2", got)\n\t\t}\n\t}()\n\twg.Wait()'])),
  innocent('Go: a case of errors in a table', go, swap(stack, ['\t\t\t\tif err != nil || got != want {', '\t\t\t\tif err != nil {\n\t\t\t\t\tt.Errorf("%v", err)\n\t\t\t\t\tcontinue\n\t\t\t\t}\n\t\t\t\tif err != nil || got != want {'])),
  innocent('Go: a slice in a test', go, swap(stack, ['\ts := &Stack[string]{}\n\tif', '\ts := &Stack[string]{items: []string{"a"}[:0]}\n\tif'])),
  innocent('Go: a helper file', go, swap(stack, ['func TestPopEmpty', 'func push(s *Stack[int], vs ...int) {\n\tfor i := 0; i < len(vs); i++ {\n\t\ts.Push(vs[i])\n\t}\n}\n\nfunc TestPopEmpty'])),
  innocent('Go: a condition with a statement', go, swap(stack, ['\tif got != 2 {', '\tif want := 2; got != want {'])),
  innocent('Rust: a macro of its own', rust, swap(api, ['use roman::roman;', 'macro_rules! assert_roman {\n    ($n:expr, $s:expr) => { assert_eq!(roman($n).as_deref(), Ok($s)) };\n}\nuse roman::roman;'])),
  innocent('Rust: inner attributes', rust, swap(api, ['use roman::roman;', '#![allow(dead_code)]\nuse roman::roman;'])),
  innocent('Rust: a thread that is joined', rust, swap(api, ['    check(38, "XXXVIII");', '    check(38, "XXXVIII");\n    std::thread::spawn(|| check(2, "II")).join().unwrap();'])),
  innocent('Rust: a closure that is called', rust, swap(lib, ['        assert_eq!(roman(4).unwrap(), "IV");', '        assert_eq!(roman(4).unwrap(), "IV");\n        let of = |n| roman(n).unwrap();\n        assert_eq!(of(5), "V");'])),
  innocent('JavaScript: another order of arguments', nodeTest, swap(parse, ["test('reads a pair', () => {", "test('reads a pair', { timeout: 500 }, () => {"])),
]; // biome-ignore format: one change a line
