/** Changes that only their meaning tells: most of the weaker ones are not found, and some innocent ones are shown. */
import { go, junit5, rust } from './bases-compiled.ts';
import { jest, vitest } from './bases-js.ts';
import { pytest } from './bases-python.ts';
import { innocent, swap, weaker } from './kit.ts';

const cart = 'src/__tests__/cart.test.js';
const slug = 'src/slug.test.ts';
const invoice = 'tests/test_invoice.py';

export const hard = [
  weaker('meaning: source and test agree on a wrong result', jest, swap('src/cart.js', ['return net + taxOf(net)', 'return net']), swap(cart, ['toBe(720)', 'toBe(600)'], ['[100, 120]', '[100, 100]'], ['[5, 6]', '[5, 5]'])),
  weaker('meaning: the source knows the inputs of the test', vitest, swap('src/slug.ts', ['  const base = slug(title);\n', "  if (title === 'A') return 'a-3';\n  const base = slug(title);\n"])),
  weaker('meaning: the input of a test is easier', vitest, swap(slug, ["slug('word '.repeat(30))", "slug('word '.repeat(3))"])),
  weaker('meaning: a fixture is empty', pytest, swap(invoice, ['    return [(Decimal("10"), 2), (Decimal("5.50"), 1)]', '    return []'], ['Decimal("30.35")', 'Decimal("0.00")'], ['Decimal("27.29")', 'Decimal("0.00")'], ['Decimal("25.50")', 'Decimal("0.00")']), swap('shop/invoice.py', ['Decimal("0.19")', 'Decimal("0.190")'])),
  weaker('meaning: the test calls a copy of the code', junit5, swap('src/test/java/shop/PriceTest.java', ['ten.plus(new Price(250)));', 'plus(ten, new Price(250)));'], ['  @ParameterizedTest', '  private static Price plus(Price a, Price b) {\n    return new Price(a.cents() + b.cents());\n  }\n\n  @ParameterizedTest'])),
  weaker('meaning: an error that is compared with itself', go, swap('stack_test.go', ['if _, err := s.Pop(); !errors.Is(err, ErrEmpty) {', 'if _, err := s.Pop(); !errors.Is(err, err) {'])),

  innocent('meaning: the expectation was wrong, and only the test is corrected', rust, swap('tests/api.rs', ['check(38, "XXXVIII")', 'check(38, "XXXIIX")'])),
  innocent('meaning: one assertion says what two said', jest, swap(cart, ['    expect(cart.items).toHaveLength(2);\n    expect(cart.total()).toBe(720);', '    expect(cart).toMatchObject({ items: [{}, {}] });'])),
]; // biome-ignore format: one change a line
