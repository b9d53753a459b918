/** Files whose whole content decides which tests run and when they pass. */
const settingsFile =
  /(?:^|\/)(?:vitest|jest|playwright|karma|cypress|mocha|ava)\.[^/]*$|(?:^|\/)\.(?:mocharc|nycrc|c8rc|coveragerc|taprc)[^/]*$|(?:^|\/)(?:pytest\.ini|tox\.ini|noxfile\.py|conftest\.py|setup\.cfg|codecov\.ya?ml)$/;
/** Scripts that a test command may run, by their name or command. */
const testScript = /test|spec|unit|e2e|coverage|check|verify|\bci\b|lint|jest|mocha|ava\b|cypress|playwright/;
/** Lines of a build file that may exclude tests or ignore failures. */
const buildLine = /test|surefire|failsafe|jacoco|ignoreFailures|exclude/i;

/**
 * The test settings of a file, as comparable text; undefined if the file has none. A change of them is allowed, but
 * shown to the reviewer first.
 */
export function testSettings(path: string, content: string): string | undefined {
  if (settingsFile.test(path)) return content;
  const name = path.slice(path.lastIndexOf('/') + 1);
  switch (name) {
    case 'package.json':
      return packageSettings(content);
    case 'pyproject.toml':
      return tables(content, /^\[+tool\.(?:pytest|coverage|tox|hatch|poe)/);
    case 'Cargo.toml':
      return tables(content, /^\[+(?:test|bench|lib|profile\.test)\b/);
    case 'Makefile':
    case 'pom.xml':
    case 'build.gradle':
    case 'build.gradle.kts':
      return lines(content)
        .filter((line) => buildLine.test(line))
        .join('\n');
    default:
      return undefined;
  }
}

const lines = (content: string): string[] => content.split('\n').map((line) => line.trim());

/** The lines of TOML tables whose header matches. */
function tables(content: string, header: RegExp): string {
  let inside = false;
  return lines(content)
    .filter((line) => {
      if (line.startsWith('[')) inside = header.test(line);
      return inside && line !== '' && !line.startsWith('#');
    })
    .join('\n');
}

function packageSettings(content: string): string {
  if (content === '') return '';
  try {
    const value = JSON.parse(content) as Record<string, unknown>;
    const scripts = Object.entries((value.scripts ?? {}) as Record<string, unknown>)
      .filter(([name, command]) => testScript.test(name) || testScript.test(String(command)))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const tools = ['jest', 'mocha', 'ava', 'vitest', 'nyc', 'c8', 'tap'].map((tool) => value[tool] ?? null);
    if (scripts.length === 0 && tools.every((tool) => tool === null)) return '';
    return JSON.stringify([scripts, tools]);
  } catch {
    return content;
  }
}
