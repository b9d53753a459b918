/** Changes of repositories in Python. */
import { pytest, unittest } from './bases-python.ts';
import { indented, innocent, moved, swap, swapAll, weaker, whole } from './kit.ts';

const invoice = 'tests/test_invoice.py';
const lru = 'tests/test_lru.py';
const conftest = 'tests/conftest.py';

export const python = [
  weaker('pytest: a test is deleted', pytest, swap(invoice, ['def test_total_of_nothing():\n    assert total([]) == 0\n', ''])),
  weaker('pytest: a skip', pytest, swap(invoice, ['def test_total_has_tax', '@pytest.mark.skip(reason="rounding")\ndef test_total_has_tax'])),
  weaker('pytest: expected to fail', pytest, swap(invoice, ['def test_total_has_tax', '@pytest.mark.xfail\ndef test_total_has_tax'])),
  weaker('pytest: skip if a variable is set', pytest, swap(invoice, ['class TestRates:', '@pytest.mark.skipif(os.environ.get("CI") is not None, reason="slow")\nclass TestRates:'])),
  weaker('pytest: the whole module is skipped', pytest, swap(invoice, ['from shop.invoice import parse_line, total\n', 'from shop.invoice import parse_line, total\n\npytestmark = pytest.mark.skip\n'])),
  weaker('pytest: skipped on import', pytest, swap(invoice, ['from shop.invoice import parse_line, total\n', 'pytest.skip("needs network", allow_module_level=True)\nfrom shop.invoice import parse_line, total\n'])),
  weaker('pytest: a test has a name that is not collected', pytest, swap(invoice, ['def test_total_of_nothing', 'def check_total_of_nothing'])),
  weaker('pytest: a class has a name that is not collected', pytest, swap(invoice, ['class TestRates', 'class Rates'])),
  weaker('pytest: a test within a test', pytest, indented(invoice, 'def test_total_of_nothing', '== 0\n', 'def test_totals():\n', '')),
  weaker('pytest: a string around tests', pytest, swap(invoice, ['def test_total_of_nothing', '"""\ndef test_total_of_nothing'], ['@pytest.mark.parametrize', '"""\n\n\n@pytest.mark.parametrize'])),
  weaker('pytest: nothing is asserted', pytest, swap(invoice, ['    assert total(lines) == Decimal("30.35")', '    total(lines)'])),
  weaker('pytest: a tautology', pytest, swap(invoice, ['assert total([]) == 0', 'assert total([]) == 0 or True'])),
  weaker('pytest: an assertion of a pair', pytest, swap(invoice, ['assert total([]) == 0', 'assert (total([]) == 0, "is zero")'])),
  weaker('pytest: not None', pytest, swap(invoice, ['assert parse_line(text) == expected', 'assert parse_line(text) is not None'])),
  weaker('pytest: errors pass', pytest, swap(invoice, ['    assert total(lines) == Decimal("30.35")', '    try:\n        assert total(lines) == Decimal("30.35")\n    except AssertionError:\n        pass'])),
  weaker('pytest: any exception will do', pytest, swap(invoice, ['pytest.raises(ValueError, match="no price")', 'pytest.raises(Exception)'])),
  weaker('pytest: rows of parametrize are gone', pytest, swap(invoice, ['        ("ink;2;3", ("ink", Decimal("2"), 3)),\n', ''])),
  weaker('pytest: an early return', pytest, swap(invoice, ['        result = total(lines, Decimal(0))\n', '        result = total(lines, Decimal(0))\n        return\n'])),
  weaker('pytest: the interpreter ends on import', pytest, swap(invoice, ['import pytest\n', 'import os\n\nimport pytest\n\nos._exit(0)\n'])),
  weaker('pytest: the exit status is 0', pytest, swap(conftest, ['@pytest.fixture(', 'def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 0\n\n\n@pytest.fixture('])),
  weaker('pytest: reports are rewritten', pytest, swap(conftest, ['@pytest.fixture(', '@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n    outcome = yield\n    report = outcome.get_result()\n    report.outcome = "passed"\n\n\n@pytest.fixture('])),
  weaker('pytest: items are dropped', pytest, swap(conftest, ['@pytest.fixture(', 'def pytest_collection_modifyitems(config, items):\n    items[:] = [item for item in items if "tax" not in item.name]\n\n\n@pytest.fixture('])),
  weaker('pytest: files are not collected', pytest, swap(conftest, ['import pytest\n', 'import pytest\n\ncollect_ignore_glob = ["test_inv*.py"]\n'])),
  weaker('pytest: a fixture replaces what is tested', pytest, swap(conftest, ['@pytest.fixture(scope', '@pytest.fixture(autouse=True)\ndef totals(monkeypatch):\n    monkeypatch.setattr("shop.invoice.total", lambda *a: 0)\n\n\n@pytest.fixture(scope'])),
  weaker('pytest: -k in the options', pytest, swap('pyproject.toml', ['--cov=shop"', "--cov=shop -k 'not tax'\""])),
  weaker('pytest: coverage may be less', pytest, swap('pyproject.toml', ['fail_under = 92', 'fail_under = 60'])),
  weaker('pytest: make ignores the failure', pytest, swap('Makefile', ['\tpython -m pytest -q\n', '\t-python -m pytest -q\n'])),
  weaker('pytest: tox runs nothing', pytest, swap('tox.ini', ['commands = pytest {posargs}', 'commands = python -c "print(\'ok\')"'])),
  weaker('unittest: a skip', unittest, swap(lru, ['    def test_drops_the_oldest', '    @unittest.skip("later")\n    def test_drops_the_oldest'])),
  weaker('unittest: skipTest', unittest, swap(lru, ['        self.lru.put("b", 2)\n', '        self.lru.put("b", 2)\n        self.skipTest("order differs")\n'])),
  weaker('unittest: an expected failure', unittest, swap(lru, ['    def test_get_makes_young', '    @unittest.expectedFailure\n    def test_get_makes_young'])),
  weaker('unittest: it is not a test case any more', unittest, swap(lru, ['class LruTest(unittest.TestCase)', 'class LruTest(object)'])),
  weaker('unittest: fewer places', unittest, swap(lru, ['places=5', 'places=0'])),
  weaker('unittest: true is true', unittest, swap(lru, ['self.assertEqual(list(self.lru.items), ["b", "c"])', 'self.assertTrue(True)'])),
  weaker('unittest: a suppressed error', unittest, swap(lru, ['        with self.assertRaises(KeyError):\n', '        with contextlib.suppress(Exception), self.assertRaises(KeyError):\n'])),
  weaker('unittest: the same result, by a mock', unittest, swap(lru, ['    def test_keeps_what_was_put', '    @mock.patch("cache.lru.Lru.get", return_value=1)\n    def test_keeps_what_was_put'], ['(self):\n        self.lru.put("a", 1)\n        self.assertEqual', '(self, get):\n        self.lru.put("a", 1)\n        self.assertEqual'])),

  innocent('pytest: one more test', pytest, swap(invoice, ['class TestRates:', 'def test_parse_line_with_spaces():\n    assert parse_line("red pen;1") == ("red pen", Decimal("1"), 1)\n\n\nclass TestRates:'])),
  innocent('pytest: rows are added', pytest, swap(invoice, ['        ("cap;0;10"', '        ("bag;7.5;2", ("bag", Decimal("7.5"), 2)),\n        ("cap;0;10"'])),
  innocent('pytest: two tests become one with parameters', pytest, swap(invoice, [`class TestRates:
    def test_reduced(self, lines):
        assert total(lines, Decimal("0.07")) == Decimal("27.29")

    def test_none(self, lines):
        result = total(lines, Decimal(0))
        assert result == Decimal("25.50")
        assert isinstance(result, Decimal)
`, `class TestRates:
    @pytest.mark.parametrize(
        ("rate", "expected"),
        [(Decimal("0.07"), Decimal("27.29")), (Decimal(0), Decimal("25.50"))],
    )
    def test_rate(self, lines, rate, expected):
        result = total(lines, rate)
        assert result == expected
        assert isinstance(result, Decimal)
`])),
  innocent('pytest: a test is renamed', pytest, swap(invoice, ['def test_total_of_nothing', 'def test_empty_invoice_costs_nothing'])),
  innocent('pytest: a fixture moves to conftest', pytest, swap(invoice, ['@pytest.fixture\ndef lines():\n    return [(Decimal("10"), 2), (Decimal("5.50"), 1)]\n\n\n', '']), swap(conftest, ['import pytest\n', 'from decimal import Decimal\n\nimport pytest\n\n\n@pytest.fixture\ndef lines():\n    return [(Decimal("10"), 2), (Decimal("5.50"), 1)]\n'])),
  innocent('pytest: the tax changes', pytest, swap('shop/invoice.py', ['0.19', '0.20']), swap(invoice, ['Decimal("30.35")', 'Decimal("30.60")'])),
  innocent('pytest: black formats the file', pytest, swap(invoice, ['        ("pen;1.20", ("pen", Decimal("1.20"), 1)),\n', '        (\n            "pen;1.20",\n            ("pen", Decimal("1.20"), 1),\n        ),\n'])),
  innocent('pytest: a docstring that mentions skip', pytest, swap(invoice, ['def test_total_of_nothing():\n', 'def test_total_of_nothing():\n    """Was @pytest.mark.skip until total() took an empty list; pytest.skip() is not needed."""\n'])),
  innocent('pytest: a marker is declared', pytest, swap('pyproject.toml', ['addopts =', 'markers = ["slow: takes long"]\naddopts ='])),
  innocent('pytest: a dependency', pytest, swap('pyproject.toml', ['["click>=8"]', '["click>=8", "rich>=13"]'])),
  innocent('pytest: coverage has to be more', pytest, swap('pyproject.toml', ['fail_under = 92', 'fail_under = 95'])),
  innocent('pytest: conftest has an option', pytest, swap(conftest, ['@pytest.fixture(', 'def pytest_addoption(parser):\n    parser.addoption("--db", default="sqlite")\n\n\n@pytest.fixture('])),
  innocent('pytest: another target of make', pytest, swap('Makefile', ['lint:\n', 'test-fast:\n\tpython -m pytest -q -x\n\nlint:\n'])),
  innocent('pytest: one more environment', pytest, swap('tox.ini', ['py311, py312', 'py311, py312, py313'])),
  innocent('pytest: a new file of tests for another platform', pytest, whole('tests/test_windows.py', 'import sys\n\nimport pytest\n\n\n@pytest.mark.skipif(sys.platform != "win32", reason="only there")\ndef test_drive():\n    assert drive() == "C:"\n')),
  innocent('pytest: typed tests', pytest, swapAll(invoice, '():', '() -> None:')),
  innocent('unittest: setUp builds more', unittest, swap(lru, ['        self.lru = Lru(2)\n', '        self.lru = Lru(2)\n        self.addCleanup(self.lru.items.clear)\n'])),
  innocent('unittest: from assertNotIn to a whole comparison', unittest, swap(lru, ['        self.assertNotIn("a", self.lru.items)\n        self.assertEqual(list(self.lru.items), ["b", "c"])', '        self.assertEqual(list(self.lru.items), ["b", "c"])\n        self.assertEqual(len(self.lru.items), 2)'])),
  innocent('unittest: becomes pytest', unittest, swap(lru, ['class LruTest(unittest.TestCase):\n    def setUp(self):', 'class TestLru:\n    def setup_method(self):'], ['self.assertEqual(self.lru.get("a"), 1)', 'assert self.lru.get("a") == 1'], ['self.assertNotIn("a", self.lru.items)', 'assert "a" not in self.lru.items'], ['self.assertEqual(list(self.lru.items), ["b", "c"])', 'assert list(self.lru.items) == ["b", "c"]'], ['with self.assertRaises(KeyError)', 'with pytest.raises(KeyError)'], ['self.assertEqual(set(self.lru.items), {"a", "c"})', 'assert set(self.lru.items) == {"a", "c"}'], ['self.assertAlmostEqual(len(self.lru.items) / self.lru.size, 1.0, places=5)', 'assert len(self.lru.items) / self.lru.size == pytest.approx(1.0)'])),
  innocent('unittest: the file has another name', unittest, moved(lru, 'tests/test_least_recently_used.py')),
]; // biome-ignore format: one change a line
