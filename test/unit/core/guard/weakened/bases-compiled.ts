/** Repositories with tests of Java, Go and Rust. */
import type { Files } from '../changes.ts';

export const junit5: Files = {
  'src/main/java/shop/Price.java': `package shop;

public record Price(long cents) {
  public Price {
    if (cents < 0) throw new IllegalArgumentException("negative: " + cents);
  }
  public Price plus(Price other) { return new Price(cents + other.cents); }
  public Price percent(int percent) { return new Price(cents * percent / 100); }
}
`,
  'src/test/java/shop/PriceTest.java': `package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PriceTest {
  private Price ten;

  @BeforeEach
  void setUp() {
    ten = new Price(1000);
  }

  @Test
  void addsPrices() {
    assertEquals(new Price(1250), ten.plus(new Price(250)));
  }

  @Test
  void refusesNegativePrices() {
    var thrown = assertThrows(IllegalArgumentException.class, () -> new Price(-1));
    assertEquals("negative: -1", thrown.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"50, 500", "19, 190", "0, 0"})
  void takesPercent(int percent, long cents) {
    assertEquals(cents, ten.percent(percent).cents());
  }
}
`,
  'pom.xml': `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>shop</groupId>
  <artifactId>shop</artifactId>
  <version>1.0</version>
  <dependencies>
    <dependency>
      <groupId>org.junit.jupiter</groupId>
      <artifactId>junit-jupiter</artifactId>
      <version>5.10.2</version>
      <scope>test</scope>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-surefire-plugin</artifactId>
        <version>3.2.5</version>
        <configuration>
          <trimStackTrace>true</trimStackTrace>
        </configuration>
      </plugin>
    </plugins>
  </build>
</project>
`,
};

export const junit4: Files = {
  'src/main/java/Csv.java': `import java.util.*;

public class Csv {
  public static List<String> split(String line) { return new ArrayList<>(Arrays.asList(line.split(",", -1))); }
}
`,
  'src/test/java/CsvTest.java': `import static org.junit.Assert.*;

import java.util.Arrays;
import java.util.List;
import org.junit.Test;

public class CsvTest {
  @Test
  public void splitsAtCommas() {
    List<String> cells = Csv.split("a,b,,c");
    assertEquals(4, cells.size());
    assertEquals(Arrays.asList("a", "b", "", "c"), cells);
  }

  @Test(expected = NullPointerException.class)
  public void refusesNull() {
    Csv.split(null);
  }

  @Test(timeout = 1000)
  public void splitsLongLines() {
    assertEquals(100001, Csv.split(",".repeat(100000)).size());
  }
}
`,
  'build.gradle': `plugins {
  id 'java'
  id 'jacoco'
}

dependencies {
  testImplementation 'junit:junit:4.13.2'
}

test {
  maxHeapSize = '512m'
}

jacocoTestCoverageVerification {
  violationRules { rule { limit { minimum = 0.8 } } }
}
`,
};

export const go: Files = {
  'go.mod': 'module example.com/stack\n\ngo 1.22\n',
  'stack.go': `package stack

import "errors"

var ErrEmpty = errors.New("empty")

type Stack[T any] struct{ items []T }

func (s *Stack[T]) Push(v T) { s.items = append(s.items, v) }

func (s *Stack[T]) Pop() (T, error) {
	var zero T
	if len(s.items) == 0 {
		return zero, ErrEmpty
	}
	v := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return v, nil
}
`,
  'stack_test.go': `package stack

import (
	"errors"
	"testing"
)

func TestPop(t *testing.T) {
	s := &Stack[int]{}
	s.Push(1)
	s.Push(2)
	got, err := s.Pop()
	if err != nil {
		t.Fatal(err)
	}
	if got != 2 {
		t.Errorf("got %d, want 2", got)
	}
}

func TestPopEmpty(t *testing.T) {
	s := &Stack[string]{}
	if _, err := s.Pop(); !errors.Is(err, ErrEmpty) {
		t.Fatalf("got %v, want ErrEmpty", err)
	}
}

func TestOrder(t *testing.T) {
	tests := []struct {
		name string
		in   []int
		want []int
	}{
		{"none", nil, nil},
		{"one", []int{1}, []int{1}},
		{"three", []int{1, 2, 3}, []int{3, 2, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &Stack[int]{}
			for _, v := range tt.in {
				s.Push(v)
			}
			for _, want := range tt.want {
				got, err := s.Pop()
				if err != nil || got != want {
					t.Errorf("got %d, %v, want %d", got, err, want)
				}
			}
		})
	}
}
`,
  Makefile: `test:
	go test -race ./...
`,
};

export const rust: Files = {
  'Cargo.toml': `[package]
name = "roman"
version = "0.1.0"
edition = "2021"

[dependencies]

[[test]]
name = "api"
path = "tests/api.rs"
`,
  'src/lib.rs': `const SIGNS: [(&str, u32); 7] = [("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1), ("", 0), ("", 0)];

pub fn roman(mut n: u32) -> Result<String, String> {
    if n == 0 || n > 39 {
        return Err(format!("out of range: {n}"));
    }
    let mut out = String::new();
    for (sign, value) in SIGNS.iter().filter(|(_, v)| *v > 0) {
        while n >= *value {
            out.push_str(sign);
            n -= value;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_small_numbers() {
        assert_eq!(roman(4).unwrap(), "IV");
        assert_eq!(roman(9).unwrap(), "IX");
    }

    #[test]
    fn refuses_zero() {
        let err = roman(0).unwrap_err();
        assert!(err.contains("out of range"), "{err}");
    }

    #[test]
    #[should_panic(expected = "out of range")]
    fn panics_when_unwrapped() {
        roman(40).unwrap();
    }
}
`,
  'tests/api.rs': `use roman::roman;

fn check(n: u32, expected: &str) {
    assert_eq!(roman(n).as_deref(), Ok(expected), "of {n}");
}

#[test]
fn all_of_the_small_ones() {
    check(1, "I");
    check(3, "III");
    check(38, "XXXVIII");
}

#[test]
fn is_an_error_beyond_the_range() {
    assert!(roman(1000).is_err());
}
`,
};
