/** Projects of Python, Java, Go and Rust with a dependency from a registry, or without one. */
import type { Files } from './registries/archive.ts';
import { type Crate, packCrate } from './registries/crates.ts';
import { type GoModule, goSum } from './registries/go.ts';
import { pack } from './registries/pypi.ts';

export const tiny = pack({ name: 'tiny', version: '1.2.3', source: 'def value():\n    return 42\n' });

const pythonTest =
  'import unittest\nimport tiny\n\nclass Tiny(unittest.TestCase):\n    def test_value(self):\n        self.assertEqual(tiny.value(), 42)\n';

/** Requirements with hashes, as pip-compile writes them. */
export const pip = (folder = ''): Files => ({
  [`${folder}requirements.txt`]: `tiny==1.2.3 \\\n    --hash=sha256:${tiny.sha256}\n`,
  [`${folder}test_tiny.py`]: pythonTest,
  [`${folder}.gitignore`]: '__pycache__\n',
});

export const maven = (): Files => ({
  'pom.xml': `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId>
  <artifactId>greeter</artifactId>
  <version>1.0</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.x</version><scope>test</scope></dependency>
  </dependencies>
  <build><plugins>
    <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.0</version></plugin>
    <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.10.1</version></plugin>
    <plugin><artifactId>maven-surefire-plugin</artifactId><version>2.22.3</version></plugin>
  </plugins></build>
</project>
`,
  'src/main/java/Greeter.java':
    'public class Greeter { public static String greet(String name) { return "hello " + name; } }\n',
  'src/test/java/GreeterTest.java':
    'import org.junit.*;\npublic class GreeterTest { @Test public void greets() { Assert.assertEquals("hello a", Greeter.greet("a")); } }\n',
  '.gitignore': 'target\n',
});

export const greetModule: GoModule = {
  path: 'example.com/Greet',
  version: 'v1.0.0',
  files: {
    'go.mod': 'module example.com/Greet\n\ngo 1.18\n',
    'greet.go': 'package greet\n\nfunc Greet(name string) string { return "hello " + name }\n',
  },
};

const goTest = `package app

import (
	"testing"

	greet "example.com/Greet"
)

func TestGreet(t *testing.T) {
	if greet.Greet("a") != "hello a" {
		t.Fail()
	}
}
`;

const goModule = (folder: string, name: string): Files => ({
  [`${folder}go.mod`]: `module example.com/${name}\n\ngo 1.18\n\nrequire example.com/Greet v1.0.0\n`,
  [`${folder}go.sum`]: goSum(greetModule),
  [`${folder}app_test.go`]: goTest,
  [`${folder}app.go`]: 'package app\n',
});

export const goModules = (): Files => goModule('', 'app');

export const goWorkspace = (): Files => ({
  'go.work': 'go 1.18\n\nuse (\n\t./app\n\t./tool\n)\n',
  ...goModule('app/', 'app'),
  'tool/go.mod': 'module example.com/tool\n\ngo 1.18\n',
  'tool/main.go': 'package main\n\nfunc main() {}\n',
});

export const crate: Crate = packCrate('greet', '1.0.0', {
  'Cargo.toml': '[package]\nname = "greet"\nversion = "1.0.0"\nedition = "2021"\n',
  'src/lib.rs': 'pub fn greet(name: &str) -> String { format!("hello {name}") }\n',
});

export const cargoWorkspace = (): Files => ({
  'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["app", "tool"]\n',
  'app/Cargo.toml': '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\ngreet = "1.0.0"\n',
  'app/src/lib.rs': '#[test]\nfn greets() { assert_eq!(greet::greet("a"), "hello a"); }\n',
  'tool/Cargo.toml': '[package]\nname = "tool"\nversion = "0.1.0"\nedition = "2021"\n',
  'tool/src/main.rs': 'fn main() {}\n',
  'Cargo.lock': `version = 3

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "greet",
]

[[package]]
name = "greet"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "${crate.checksum}"

[[package]]
name = "tool"
version = "0.1.0"
`,
  '.gitignore': 'target\n',
});
