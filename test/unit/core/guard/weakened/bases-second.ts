/** Repositories of the second set of held-out changes. */
import type { Files } from '../changes.ts';

export const web: Files = {
  'src/login.ts':
    'export const login = async (user: string, password: string) => fetch("/login", { method: "POST", body: JSON.stringify({ user, password }) });\n',
  'e2e/login.spec.ts': `import { expect, test } from '@playwright/test';

test.describe('login', () => {
  test.beforeEach(async ({ page }) => {
    await page.goto('/login');
  });

  test('lets known users in', async ({ page }) => {
    await page.getByLabel('User').fill('ada');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL('/home');
    await expect(page.getByRole('heading')).toHaveText('Hello Ada');
  });

  test('refuses a wrong password', async ({ page }) => {
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toHaveText('wrong password');
  });
});
`,
  'src/sum.spec.js': `const should = require('should');
const sum = require('./sum');

describe('sum', () => {
  it('adds', () => {
    sum(1, 2).should.equal(3);
    sum().should.equal(0);
  });

  it('calls back', (done) => {
    sum.later(1, 2, (error, result) => {
      should.not.exist(error);
      result.should.equal(3);
      done();
    });
  });
});
`,
  'playwright.config.ts': `import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  retries: 0,
  timeout: 30000,
  use: { baseURL: 'http://localhost:3000' },
});
`,
  'package.json':
    '{\n  "name": "web",\n  "scripts": {\n    "test": "mocha \'src/**/*.spec.js\' && playwright test",\n    "lint": "eslint ."\n  }\n}\n',
  'scripts/run-tests.sh': '#!/bin/sh\nset -eu\nnpm run lint\nnpm test\n',
};

export const flask: Files = {
  'app/store.py':
    'class Store:\n    def __init__(self):\n        self.rows = {}\n\n    def add(self, key, row):\n        if key in self.rows:\n            raise KeyError(key)\n        self.rows[key] = row\n',
  'tests/test_store.py': `from unittest.mock import Mock

import numpy as np
import pytest

from app.store import Store


@pytest.fixture
def store():
    return Store()


def test_add(store):
    store.add("a", {"n": 1})
    assert store.rows == {"a": {"n": 1}}


def test_add_twice(store):
    store.add("a", 1)
    with pytest.raises(KeyError) as caught:
        store.add("a", 2)
    assert caught.value.args == ("a",)


@pytest.mark.parametrize("key", ["", "a", "ä", "a" * 100])
def test_keys(store, key):
    store.add(key, 1)
    assert key in store.rows


def test_listener(store):
    listener = Mock()
    store.listener = listener
    store.add("a", 1)
    listener.assert_called_once_with("a", 1)


def test_mean():
    np.testing.assert_allclose(np.mean([1.0, 2.0]), 1.5, rtol=1e-7)
`,
  'setup.cfg':
    '[metadata]\nname = app\n\n[tool:pytest]\naddopts = -q\ntestpaths = tests\n\n[flake8]\nmax-line-length = 100\n',
  'azure-pipelines.yml':
    'steps:\n  - script: pip install -e .[test]\n  - script: python -m pytest --junitxml=out.xml\n    displayName: tests\n',
};

export const spring: Files = {
  'src/main/java/Orders.java':
    'class Orders {\n  private final Mailer mailer;\n  Orders(Mailer mailer) { this.mailer = mailer; }\n  int place(int count) { mailer.send("order"); return count * 5; }\n}\n',
  'src/test/java/OrdersTest.java': `import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.*;

import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class OrdersTest {
  private final Mailer mailer = mock(Mailer.class);
  private final Orders orders = new Orders(mailer);

  @DataProvider
  public Object[][] counts() {
    return new Object[][] {{1, 5}, {2, 10}, {0, 0}};
  }

  @Test(dataProvider = "counts")
  public void costs(int count, int total) {
    assertThat(orders.place(count)).isEqualTo(total);
  }

  @Test
  public void tellsTheCustomer() {
    orders.place(1);
    verify(mailer, times(1)).send("order");
    verifyNoMoreInteractions(mailer);
  }

  @Test
  public void refusesNegativeCounts() {
    assertThatThrownBy(() -> orders.place(-1)).isInstanceOf(IllegalArgumentException.class).hasMessage("negative");
  }
}
`,
  'pom.xml':
    '<project>\n  <build>\n    <plugins>\n      <plugin>\n        <artifactId>jacoco-maven-plugin</artifactId>\n        <configuration>\n          <rules><rule><limits><limit><minimum>0.85</minimum></limit></limits></rule></rules>\n        </configuration>\n      </plugin>\n    </plugins>\n  </build>\n</project>\n',
};

export const native: Files = {
  'queue/queue.go':
    'package queue\n\ntype Queue struct{ items []int }\n\nfunc (q *Queue) Push(v int) { q.items = append(q.items, v) }\n',
  'queue/queue_test.go': `package queue

import (
	"reflect"
	"testing"
)

func equal(t *testing.T, got, want []int) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestPush(t *testing.T) {
	q := &Queue{}
	q.Push(1)
	q.Push(2)
	equal(t, q.items, []int{1, 2})
}

func TestEmpty(t *testing.T) {
	t.Run("zero value", func(t *testing.T) {
		equal(t, (&Queue{}).items, nil)
	})
	t.Run("after reset", func(t *testing.T) {
		q := &Queue{items: []int{1}}
		q.items = nil
		equal(t, q.items, nil)
	})
}
`,
  'src/trim.rs': `pub fn trim(text: &str) -> &str { text.trim() }

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(" a ", "a")]
    #[case("", "")]
    #[case("\\t\\n", "")]
    fn trims(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(trim(text), expected);
    }

    #[test]
    fn borrows() {
        let text = String::from(" a");
        let trimmed = trim(&text);
        assert!(std::ptr::eq(&text.as_bytes()[1], &trimmed.as_bytes()[0]), "copied");
        assert_eq!(trimmed.len(), 1);
    }
}
`,
  Makefile:
    'GO = go\n\n.PHONY: check\ncheck: vet\n\t$(GO) test -cover ./...\n\tcargo test --all\n\nvet:\n\t$(GO) vet ./...\n',
};
