// biome-ignore-all lint/suspicious/noTemplateCurlyInString: sources that hold templates
/** Changes that were written when the comparison was finished, and measured before it was changed again. */
import { api, ava, crate, django, goService, kotlin } from './bases-held-out.ts';
import { gone, innocent, moved, swap, swapAll, weaker, whole } from './kit.ts';

const app = 'test/app.e2e.test.ts';
const clamp = 'test/clamp.js';
const blog = 'blog/tests.py';
const props = 'tests/unit/test_props.py';
const money = 'src/test/kotlin/MoneyTest.kt';
const cache = 'cache/cache_test.go';
const port = 'src/parse.rs';

export const heldOut = [
  weaker('supertest: the status is not asked any more', api, swap(app, [".get('/users/1').expect(200)", ".get('/users/1')"])),
  weaker('vitest: the body is compared in part', api, swap(app, ["expect(response.body).toEqual({ id: 1, name: 'Ada', admin: true })", "expect(response.body).toEqual(expect.objectContaining({ id: 1 }))"])),
  weaker('vitest: a line of a table in a template is gone', api, swap(app, ["    ${2}    | ${404}\n", ''])),
  weaker('vitest: a failure is accepted', api, swap(app, ['expect(response.status).toBe(404)', 'expect([200, 404, 500]).toContain(response.status)'])),
  weaker('vitest: the setup reports no failure', api, swap('test/setup.ts', ['  vi.restoreAllMocks();\n', '  vi.restoreAllMocks();\n  process.exitCode = 0;\n'])),
  weaker('GitLab: failures are allowed', api, swap('.gitlab-ci.yml', ['  stage: test\n', '  stage: test\n  allow_failure: true\n'])),
  weaker('GitLab: another command', api, swap('.gitlab-ci.yml', ['npx vitest run --coverage', 'npx vitest run --coverage || echo "some tests failed"'])),
  weaker('npm: the types are not checked', api, swap('package.json', ['"tsc --noEmit && biome check ."', '"biome check ."'])),
  weaker('AVA: a failing test is expected', ava, swap(clamp, ["test('takes strings", "test.failing('takes strings"])),
  weaker('AVA: a test that passes by itself', ava, swap(clamp, ['  t.is(clamp(-1, 0, 10), 0);\n  t.is(clamp(11, 0, 10), 10);', '  t.pass();'])),
  weaker('AVA: the error may have any message', ava, swap(clamp, ['  const error = t.throws', '  t.throws'], ['  t.regex(error.message, /number/);\n', ''])),
  weaker('Django: a tag keeps a test from CI', django, swap(blog, ['    def test_detail', '    @unittest.skipUnless(os.environ.get("RUN_SLOW"), "slow")\n    def test_detail'])),
  weaker('Django: fewer queries are not asked', django, swap(blog, ['        with self.assertNumQueries(2):\n            self.client.get("/posts/")', '        self.client.get("/posts/")'])),
  weaker('hypothesis: a test accepts everything', django, swap(props, ['    assert Post("x", words).minutes >= 1', '    assert Post("x", words).minutes >= 1 or words == 0'])),
  weaker('pytest: an awaited answer is only there', django, swap(props, ['    assert (await response.json())["items"] == ["Hello"]', '    assert await response.json()'])),
  weaker('nox: less coverage', django, swap('noxfile.py', ['--cov-fail-under=90', '--cov-fail-under=10'])),
  weaker('coverage: the module is left out', django, swap('.coveragerc', ['    */migrations/*\n', '    */migrations/*\n    blog/models.py\n'])),
  weaker('Kotlin: a test of another class of errors', kotlin, swap(money, ['assertFailsWith<NumberFormatException>', 'assertFailsWith<Throwable>'], ['            assertEquals("x", error.message)\n', ''])),
  weaker('Kotlin: values are gone', kotlin, swap(money, ['[1, 50, 99]', '[1]'])),
  weaker('Gradle in Kotlin: only some tests', kotlin, swap('build.gradle.kts', ['    useJUnitPlatform()\n', '    useJUnitPlatform { excludeTags("slow") }\n    exclude("**/MoneyTest*")\n'])),
  weaker('testify: the suite is not run', goService, swap(cache, ['func TestCacheSuite(t *testing.T) {\n\tsuite.Run(t, new(CacheSuite))\n}\n\n', ''])),
  weaker('Go: the difference is thrown away', goService, swap(cache, ['\tif diff := cmp.Diff(map[string]string{"a": "1"}, c.items); diff != "" {\n\t\tt.Errorf("items differ:\\n%s", diff)\n\t}\n', '\t_ = cmp.Diff(map[string]string{"a": "1"}, c.items)\n'])),
  weaker('Go: CI tests one package', goService, swap('.github/workflows/go.yml', ['go test -race -coverprofile=cover.out ./...', 'go test -race -coverprofile=cover.out ./internal/...'])),
  weaker('Rust: an error ends the test well', crate, swap(port, ['            let error = port(text).unwrap_err();\n            assert!', '            let Err(error) = port(text) else { return };\n            assert!'])),
  weaker('nextest: failed tests run again', crate, swap('.config/nextest.toml', ['retries = 0', 'retries = 5'])),

  innocent('supertest: the app is built for each test', api, swap(app, ["describe('GET /users/:id', () => {\n", "describe('GET /users/:id', () => {\n  let server: Server;\n  beforeAll(async () => {\n    server = app.listen(0);\n  });\n  afterAll(() => server.close());\n\n"])),
  innocent('vitest: the user has another field', api, swap('src/users.ts', ['admin: true', "role: 'admin'"]), swap(app, ['admin: true', "role: 'admin'"])),
  innocent('vitest: a line of a table more', api, swap(app, ["    ${'x'}  | ${404}\n", "    ${'x'}  | ${404}\n    ${-1}   | ${404}\n"])),
  innocent('vitest: destructured answers', api, swap(app, ["const response = await request(app).get('/users/7');\n    expect(response.status).toBe(404);\n    expect(response.body.error)", "const { status, body } = await request(app).get('/users/7');\n    expect(status).toBe(404);\n    expect(body.error)"])),
  innocent('vitest: a setup for the environment', api, swap('test/setup.ts', ['afterEach(() => {', "vi.stubEnv('TZ', 'UTC');\n\nafterEach(() => {"])),
  innocent('GitLab: a newer image and a cache', api, swap('.gitlab-ci.yml', ['node:22', 'node:24'], ['  stage: test\n', '  stage: test\n  cache:\n    paths: [.npm/]\n'])),
  innocent('npm: one more step of check', api, swap('package.json', ['biome check ."', 'biome check . && knip"'])),
  innocent('vitest: the module and its tests are deleted together with the route', api, gone('src/legacy.ts'), swap('src/app.ts', ["export const app", "// The route /legacy is gone.\nexport const app"])),
  innocent('AVA: a macro for several tests', ava, swap(clamp, ["test('leaves what is inside', t => {\n  t.is(clamp(5, 0, 10), 5);\n});\n", "const inside = test.macro((t, n, low, high) => {\n  t.is(clamp(n, low, high), n);\n});\n\ntest('leaves what is inside', inside, 5, 0, 10);\ntest('leaves the ends', inside, 10, 0, 10);\n"])),
  innocent('AVA: another form of functions', ava, swapAll(clamp, 't => {', 'async t => {')),
  innocent('AVA: a plan', ava, swap(clamp, ["test('cuts at both ends', t => {\n", "test('cuts at both ends', t => {\n  t.plan(2);\n"])),
  innocent('Django: the tests become a package', django, moved(blog, 'blog/tests/test_models.py')),
  innocent('Django: reading is faster', django, swap('blog/models.py', ['/ 200', '/ 250']), swap(blog, ['minutes, 4)', 'minutes, 4)  # 900 / 250'])),
  innocent('hypothesis: more examples', django, swap(props, ['@given(', '@settings(max_examples=500)\n@given('])),
  innocent('pytest: a client of its own', django, swap(props, ['@pytest.mark.asyncio\nasync def test_fetch(client):\n', '@pytest.fixture\nasync def feed(client):\n    return await client.get("/feed")\n\n\n@pytest.mark.asyncio\nasync def test_fetch(feed):\n'], ['    response = await client.get("/feed")\n', '    response = feed\n'])),
  innocent('nox: a session for the documents', django, swap('noxfile.py', ['@nox.session\ndef tests', '@nox.session\ndef docs(session):\n    session.run("mkdocs", "build")\n\n\n@nox.session\ndef tests'])),
  innocent('Kotlin: a test in a companion package', kotlin, swap(money, ['class MoneyTest {\n', 'class MoneyTest {\n    private val ten = Money(10)\n\n'], ['Money(10) + Money(20)', 'ten + Money(20)'])),
  innocent('Kotlin: names without blanks', kotlin, swap(money, ['fun `adds amounts`()', 'fun addsAmounts()'], ['fun `keeps cents`(', 'fun keepsCents('])),
  innocent('Gradle in Kotlin: more is logged', kotlin, swap('build.gradle.kts', ['events("failed")', 'events("failed", "skipped")'])),
  innocent('testify: from a suite to functions', goService, swap(cache, ['func (s *CacheSuite) TestGet() {\n\tv, ok := s.cache.Get("a")\n\ts.Require().True(ok)\n\ts.Equal("1", v)\n}\n\nfunc TestCacheSuite(t *testing.T) {\n\tsuite.Run(t, new(CacheSuite))\n}\n', 'func TestGet(t *testing.T) {\n\tc := &Cache{items: map[string]string{"a": "1"}}\n\tv, ok := c.Get("a")\n\trequire.True(t, ok)\n\trequire.Equal(t, "1", v)\n}\n'])),
  innocent('Go: cmp in place of reflect', goService, swap(cache, ['\trequire.False(t, ok)\n', '\tif ok {\n\t\tt.Error("found b")\n\t}\n'])),
  innocent('Go: CI on two systems', goService, swap('.github/workflows/go.yml', ['    runs-on: ubuntu-latest\n', '    strategy:\n      matrix: {os: [ubuntu-latest, macos-latest]}\n    runs-on: ${{ matrix.os }}\n'])),
  innocent('Rust: a property', crate, swap(port, ['    #[tokio::test]', '    proptest::proptest! {\n        #[test]\n        fn reads_every_port(n in 0u16..) {\n            assert_eq!(port(&n.to_string()), Ok(n));\n        }\n    }\n\n    #[tokio::test]'])),
  innocent('Rust: the message names the cause', crate, swap(port, ['bad port {text}: {e}', 'invalid port {text:?}: {e}'], ['error.starts_with("bad port")', 'error.starts_with("invalid port")'])),
  innocent('Rust: a module of tests in a file of its own', crate, swap(port, [`#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn reads_ports() -> Result<(), String> {
        assert_eq!(port("80")?, 80);
        assert_eq!(port(" 8080 ")?, 8080);
        Ok(())
    }

    #[tokio::test]
    async fn reads_in_tasks() {
        let port = tokio::spawn(async { port("1") }).await.unwrap();
        assert_eq!(port, Ok(1));
    }

    #[test]
    fn refuses_what_is_too_large() {
        for text in ["65536", "-1", ""] {
            let error = port(text).unwrap_err();
            assert!(error.starts_with("bad port"), "{error}");
        }
    }
}
`, '#[cfg(test)]\nmod tests;\n']), whole('src/parse/tests.rs', `use super::port;

#[test]
fn reads_ports() -> Result<(), String> {
    assert_eq!(port("80")?, 80);
    assert_eq!(port(" 8080 ")?, 8080);
    Ok(())
}

#[tokio::test]
async fn reads_in_tasks() {
    let port = tokio::spawn(async { port("1") }).await.unwrap();
    assert_eq!(port, Ok(1));
}

#[test]
fn refuses_what_is_too_large() {
    for text in ["65536", "-1", ""] {
        let error = port(text).unwrap_err();
        assert!(error.starts_with("bad port"), "{error}");
    }
}
`)),
]; // biome-ignore format: one change a line
