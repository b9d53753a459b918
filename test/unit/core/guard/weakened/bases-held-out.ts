/** Repositories of the held-out changes: other runners, libraries and habits than those the comparison was written with. */
import type { Files } from '../changes.ts';

export const api: Files = {
  'src/app.ts': `import express from 'express';
import { users } from './users.ts';

export const app = express();
app.get('/users/:id', (req, res) => {
  const user = users.get(Number(req.params.id));
  if (!user) return res.status(404).json({ error: 'not found' });
  return res.json(user);
});
`,
  'src/users.ts': `export const users = new Map([[1, { id: 1, name: 'Ada', admin: true }]]);\n`,
  'test/app.e2e.test.ts': `import request from 'supertest';
import { app } from '../src/app.ts';

describe('GET /users/:id', () => {
  it('answers with the user', async () => {
    const response = await request(app).get('/users/1').expect(200);
    expect(response.body).toEqual({ id: 1, name: 'Ada', admin: true });
  });

  it('answers 404 for nobody', async () => {
    const response = await request(app).get('/users/7');
    expect(response.status).toBe(404);
    expect(response.body.error).toBe('not found');
  });

  it.each\`
    id      | status
    \${1}    | \${200}
    \${2}    | \${404}
    \${'x'}  | \${404}
  \`('answers $status for $id', async ({ id, status }) => {
    await request(app).get(\`/users/\${id}\`).expect(status);
  });
});
`,
  'test/setup.ts': `import { afterEach, vi } from 'vitest';

afterEach(() => {
  vi.restoreAllMocks();
});
`,
  '.gitlab-ci.yml': `stages: [test]

unit:
  stage: test
  image: node:22
  script:
    - npm ci
    - npx vitest run --coverage
  coverage: '/Lines.*?(\\d+)/'
`,
  'package.json': `{
  "name": "api",
  "type": "module",
  "scripts": {
    "dev": "tsx src/server.ts",
    "test": "vitest run",
    "test:e2e": "playwright test",
    "check": "tsc --noEmit && biome check ."
  },
  "devDependencies": { "vitest": "^3.0.0", "supertest": "^7.0.0" }
}
`,
};

export const ava: Files = {
  'index.js': `export const clamp = (n, low, high) => Math.min(Math.max(n, low), high);\n`,
  'test/clamp.js': `import test from 'ava';
import { clamp } from '../index.js';

test('leaves what is inside', t => {
  t.is(clamp(5, 0, 10), 5);
});

test('cuts at both ends', t => {
  t.is(clamp(-1, 0, 10), 0);
  t.is(clamp(11, 0, 10), 10);
});

test('takes strings for numbers', t => {
  const error = t.throws(() => clamp('a', 0, 1), {instanceOf: TypeError});
  t.regex(error.message, /number/);
});
`,
};

export const django: Files = {
  'blog/models.py': `class Post:
    def __init__(self, title, words):
        self.title, self.words = title, words

    @property
    def minutes(self):
        return max(1, round(self.words / 200))
`,
  'blog/tests.py': `from django.test import TestCase

from blog.models import Post


class PostTests(TestCase):
    fixtures = ["posts.json"]

    @classmethod
    def setUpTestData(cls):
        cls.post = Post("Hello", 900)

    def test_minutes(self):
        self.assertEqual(self.post.minutes, 4)

    def test_detail(self):
        response = self.client.get("/posts/1/")
        self.assertEqual(response.status_code, 200)
        self.assertContains(response, "Hello")

    def test_queries(self):
        with self.assertNumQueries(2):
            self.client.get("/posts/")
`,
  'tests/unit/test_props.py': `import pytest
from hypothesis import given, settings, strategies as st

from blog.models import Post


@given(st.integers(min_value=0, max_value=10_000))
def test_minutes_are_positive(words):
    assert Post("x", words).minutes >= 1


@pytest.mark.asyncio
async def test_fetch(client):
    response = await client.get("/feed")
    assert response.status == 200
    assert (await response.json())["items"] == ["Hello"]
`,
  'noxfile.py': `import nox


@nox.session
def tests(session):
    session.install("-r", "requirements.txt")
    session.run("pytest", "--cov=blog", "--cov-fail-under=90")
`,
  '.coveragerc': `[run]
branch = True
omit =
    */migrations/*

[report]
fail_under = 90
`,
};

export const kotlin: Files = {
  'src/main/kotlin/Money.kt': `data class Money(val cents: Long) {
    operator fun plus(other: Money) = Money(cents + other.cents)
}
`,
  'src/test/kotlin/MoneyTest.kt': `import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.junit.jupiter.api.Nested
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

class MoneyTest {
    @Test
    fun \`adds amounts\`() {
        assertEquals(Money(30), Money(10) + Money(20))
    }

    @ParameterizedTest
    @ValueSource(longs = [1, 50, 99])
    fun \`keeps cents\`(cents: Long) {
        assertEquals(cents, Money(cents).cents)
    }

    @Nested
    inner class Parsing {
        @Test
        fun \`refuses letters\`() {
            val error = assertFailsWith<NumberFormatException> { Money.parse("x") }
            assertEquals("x", error.message)
        }
    }
}
`,
  'build.gradle.kts': `plugins {
    kotlin("jvm") version "2.0.0"
}

tasks.test {
    useJUnitPlatform()
    testLogging { events("failed") }
}
`,
};

export const goService: Files = {
  'cache/cache.go': `package cache

type Cache struct{ items map[string]string }

func (c *Cache) Get(key string) (string, bool) { v, ok := c.items[key]; return v, ok }
`,
  'cache/cache_test.go': `package cache

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/stretchr/testify/suite"
)

type CacheSuite struct {
	suite.Suite
	cache *Cache
}

func (s *CacheSuite) SetupTest() {
	s.cache = &Cache{items: map[string]string{"a": "1"}}
}

func (s *CacheSuite) TestGet() {
	v, ok := s.cache.Get("a")
	s.Require().True(ok)
	s.Equal("1", v)
}

func TestCacheSuite(t *testing.T) {
	suite.Run(t, new(CacheSuite))
}

func TestItems(t *testing.T) {
	c := &Cache{items: map[string]string{"a": "1"}}
	if diff := cmp.Diff(map[string]string{"a": "1"}, c.items); diff != "" {
		t.Errorf("items differ:\\n%s", diff)
	}
}

func TestGetMissing(t *testing.T) {
	c := &Cache{}
	_, ok := c.Get("b")
	require.False(t, ok)
}
`,
  '.github/workflows/go.yml': `name: go
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
      - name: test
        run: |
          go vet ./...
          go test -race -coverprofile=cover.out ./...
`,
};

export const crate: Files = {
  'Cargo.toml': '[package]\nname = "cfg"\nversion = "0.2.0"\nedition = "2021"\n\n[dev-dependencies]\nproptest = "1"\n',
  'src/parse.rs': `pub fn port(text: &str) -> Result<u16, String> {
    text.trim().parse().map_err(|e| format!("bad port {text}: {e}"))
}

#[cfg(test)]
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
`,
  '.config/nextest.toml': '[profile.default]\nretries = 0\nfail-fast = false\n',
};
