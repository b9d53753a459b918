/** A second set of held-out changes, written when the findings of the first had been mended, and measured at once. */
import { flask, native, spring, web } from './bases-second.ts';
import { innocent, swap, swapAll, weaker } from './kit.ts';

const login = 'e2e/login.spec.ts';
const sum = 'src/sum.spec.js';
const store = 'tests/test_store.py';
const orders = 'src/test/java/OrdersTest.java';
const queue = 'queue/queue_test.go';
const trim = 'src/trim.rs';

export const second = [
  weaker('Playwright: fixme', web, swap(login, ["test('refuses a wrong", "test.fixme('refuses a wrong"])),
  weaker('Playwright: skipped within', web, swap(login, ["test('refuses a wrong password', async ({ page }) => {\n", "test('refuses a wrong password', async ({ page }) => {\n    test.skip(true, 'flaky');\n"])),
  weaker('Playwright: not awaited', web, swap(login, ["await expect(page).toHaveURL('/home')", "expect(page).toHaveURL('/home')"])),
  weaker('Playwright: soft assertion is dropped', web, swap(login, ["    await expect(page.getByRole('alert')).toHaveText('wrong password');\n", '    await page.waitForTimeout(500);\n'])),
  weaker('Playwright: only visible', web, swap(login, ["toHaveText('wrong password')", 'toBeVisible()'])),
  weaker('Playwright: retries', web, swap('playwright.config.ts', ['retries: 0', 'retries: 4'])),
  weaker('Playwright: grep in the script', web, swap('package.json', ['playwright test"', 'playwright test --grep-invert password"'])),
  weaker('should: the callback asserts nothing', web, swap(sum, ['      should.not.exist(error);\n      result.should.equal(3);\n', ''])),
  weaker('shell: goes on after a failure', web, swap('scripts/run-tests.sh', ['npm test\n', 'npm test || echo failed\n'])),
  weaker('pytest: strict xfail by a parameter', flask, swap(store, ['["", "a", "ä", "a" * 100]', '[pytest.param("", marks=pytest.mark.skip), "a", "ä", "a" * 100]'])),
  weaker('pytest: the mock is asked less', flask, swap(store, ['listener.assert_called_once_with("a", 1)', 'listener.assert_called()'])),
  weaker('numpy: a tolerance', flask, swap(store, ['rtol=1e-7', 'rtol=0.5'])),
  weaker('pytest: the value of the error', flask, swap(store, ['    assert caught.value.args == ("a",)\n', ''])),
  weaker('pytest: a file is deselected', flask, swap('setup.cfg', ['addopts = -q', 'addopts = -q --deselect tests/test_store.py::test_add_twice'])),
  weaker('Azure: goes on after errors', flask, swap('azure-pipelines.yml', ['    displayName: tests\n', '    displayName: tests\n    continueOnError: true\n'])),
  weaker('TestNG: not enabled', spring, swap(orders, ['  @Test\n  public void tellsTheCustomer', '  @Test(enabled = false)\n  public void tellsTheCustomer'])),
  weaker('TestNG: a row of the provider is gone', spring, swap(orders, ['{{1, 5}, {2, 10}, {0, 0}}', '{{1, 5}, {0, 0}}'])),
  weaker('Mockito: any number of calls', spring, swap(orders, ['verify(mailer, times(1)).send("order");\n    verifyNoMoreInteractions(mailer);', 'verify(mailer, atLeast(0)).send(any());'])),
  weaker('Go: the helper returns first', native, swap(queue, ['\tt.Helper()\n\tif !', '\tt.Helper()\n\tif len(got) == 0 || len(want) == 0 {\n\t\treturn\n\t}\n\tif !'])),
  weaker('rstest: a case is gone', native, swap(trim, ['    #[case("", "")]\n', ''])),

  innocent('Playwright: a step', web, swap(login, ["    await page.getByLabel('User').fill('ada');\n    await page.getByRole('button', { name: 'Sign in' }).click();\n    await expect(page).toHaveURL", "    await test.step('sign in', async () => {\n      await page.getByLabel('User').fill('ada');\n      await page.getByRole('button', { name: 'Sign in' }).click();\n    });\n    await expect(page).toHaveURL"])),
  innocent('Playwright: a page object', web, swap(login, ["    await page.getByRole('button', { name: 'Sign in' }).click();\n    await expect(page.getByRole('alert'))", "    const form = new LoginForm(page);\n    await form.submit();\n    await expect(page.getByRole('alert'))"])),
  innocent('Playwright: another base URL', web, swap('playwright.config.ts', ['http://localhost:3000', 'http://localhost:4000'])),
  innocent('should: to promises', web, swap(sum, ['  it(\'calls back\', (done) => {\n    sum.later(1, 2, (error, result) => {\n      should.not.exist(error);\n      result.should.equal(3);\n      done();\n    });\n  });', "  it('calls back', async () => {\n    const result = await sum.later(1, 2);\n    should.exist(result);\n    result.should.equal(3);\n  });"])),
  innocent('npm: mocha gets a reporter', web, swap('package.json', ["'src/**/*.spec.js' &&", "'src/**/*.spec.js' --reporter dot &&"])),
  innocent('shell: prints what it does', web, swap('scripts/run-tests.sh', ['set -eu', 'set -eux'])),
  innocent('pytest: a scope for the fixture', flask, swap(store, ['@pytest.fixture\n', '@pytest.fixture(scope="function")\n'])),
  innocent('pytest: more keys', flask, swap(store, ['"a" * 100]', '"a" * 100, "a b", "\\n"]'])),
  innocent('pytest: match in place of args', flask, swap(store, ['    with pytest.raises(KeyError) as caught:\n        store.add("a", 2)\n    assert caught.value.args == ("a",)\n', '    with pytest.raises(KeyError, match="\'a\'"):\n        store.add("a", 2)\n'])),
  innocent('pytest: a factory', flask, swapAll(store, 'Store()', 'Store.empty()')),
  innocent('setup.cfg: longer lines', flask, swap('setup.cfg', ['max-line-length = 100', 'max-line-length = 120'])),
  innocent('Azure: a newer Python', flask, swap('azure-pipelines.yml', ['steps:\n', 'steps:\n  - task: UsePythonVersion@0\n    inputs: {versionSpec: "3.13"}\n'])),
  innocent('TestNG: a group', spring, swap(orders, ['  @Test\n  public void tellsTheCustomer', '  @Test(groups = "mail")\n  public void tellsTheCustomer'])),
  innocent('Mockito: the call is named', spring, swap(orders, ['verify(mailer, times(1)).send("order");', 'verify(mailer).send("order");'])),
  innocent('AssertJ: a description', spring, swap(orders, ['assertThat(orders.place(count)).isEqualTo(total)', 'assertThat(orders.place(count)).as("total of %s", count).isEqualTo(total)'])),
  innocent('Maven: more coverage', spring, swap('pom.xml', ['0.85', '0.9'])),
  innocent('Go: cmp in the helper', native, swap(queue, ['\tif !reflect.DeepEqual(got, want) {\n\t\tt.Fatalf("got %v, want %v", got, want)\n\t}', '\tif diff := cmp.Diff(want, got); diff != "" {\n\t\tt.Fatal(diff)\n\t}'])),
  innocent('Go: parallel subtests', native, swap(queue, ['func(t *testing.T) {\n\t\tequal', 'func(t *testing.T) {\n\t\tt.Parallel()\n\t\tequal'])),
  innocent('rstest: named cases', native, swap(trim, ['#[case(" a ", "a")]', '#[case::both_sides(" a ", "a")]'])),
  innocent('make: a variable', native, swap('Makefile', ['GO = go\n', 'GO ?= go\n'])),
]; // biome-ignore format: one change a line
