/** Repositories with tests of Python. */
import type { Files } from '../changes.ts';

export const pytest: Files = {
  'shop/invoice.py': `from decimal import Decimal


def total(lines, rate=Decimal("0.19")):
    net = sum((price * count for price, count in lines), Decimal(0))
    return (net * (1 + rate)).quantize(Decimal("0.01"))


def parse_line(text):
    name, _, rest = text.partition(";")
    if not rest:
        raise ValueError(f"no price: {text}")
    price, _, count = rest.partition(";")
    return name, Decimal(price), int(count or 1)
`,
  'tests/test_invoice.py': `from decimal import Decimal

import pytest

from shop.invoice import parse_line, total


@pytest.fixture
def lines():
    return [(Decimal("10"), 2), (Decimal("5.50"), 1)]


def test_total_has_tax(lines):
    assert total(lines) == Decimal("30.35")


def test_total_of_nothing():
    assert total([]) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pen;1.20", ("pen", Decimal("1.20"), 1)),
        ("ink;2;3", ("ink", Decimal("2"), 3)),
        ("cap;0;10", ("cap", Decimal("0"), 10)),
    ],
)
def test_parse_line(text, expected):
    assert parse_line(text) == expected


def test_parse_line_without_price():
    with pytest.raises(ValueError, match="no price"):
        parse_line("pen")


class TestRates:
    def test_reduced(self, lines):
        assert total(lines, Decimal("0.07")) == Decimal("27.29")

    def test_none(self, lines):
        result = total(lines, Decimal(0))
        assert result == Decimal("25.50")
        assert isinstance(result, Decimal)
`,
  'tests/conftest.py': `import pytest


@pytest.fixture(scope="session")
def currency():
    return "EUR"
`,
  'pyproject.toml': `[project]
name = "shop"
version = "0.3.0"
dependencies = ["click>=8"]

[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = "-ra --strict-markers --cov=shop"

[tool.coverage.report]
fail_under = 92
`,
  'tox.ini': `[tox]
envlist = py311, py312

[testenv]
deps = -r requirements-dev.txt
commands = pytest {posargs}
`,
  Makefile: `.PHONY: test lint

test:
\tpython -m pytest -q

lint:
\truff check shop tests
`,
};

export const unittest: Files = {
  'cache/lru.py': `class Lru:
    def __init__(self, size):
        self.size, self.items = size, {}

    def get(self, key):
        value = self.items.pop(key)
        self.items[key] = value
        return value

    def put(self, key, value):
        self.items.pop(key, None)
        self.items[key] = value
        if len(self.items) > self.size:
            del self.items[next(iter(self.items))]
`,
  'tests/test_lru.py': `import unittest
from unittest import mock

from cache.lru import Lru


class LruTest(unittest.TestCase):
    def setUp(self):
        self.lru = Lru(2)

    def test_keeps_what_was_put(self):
        self.lru.put("a", 1)
        self.assertEqual(self.lru.get("a"), 1)

    def test_drops_the_oldest(self):
        for key in "abc":
            self.lru.put(key, key)
        self.assertNotIn("a", self.lru.items)
        self.assertEqual(list(self.lru.items), ["b", "c"])

    def test_missing_key(self):
        with self.assertRaises(KeyError):
            self.lru.get("nope")

    def test_get_makes_young(self):
        self.lru.put("a", 1)
        self.lru.put("b", 2)
        self.lru.get("a")
        self.lru.put("c", 3)
        self.assertEqual(set(self.lru.items), {"a", "c"})
        self.assertAlmostEqual(len(self.lru.items) / self.lru.size, 1.0, places=5)


if __name__ == "__main__":
    unittest.main()
`,
};
