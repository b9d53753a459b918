import { ignoresFailure, isSameCommand, runsTests } from './commands.ts';

/** Lines of a text without those of another one, as often as they occur. */
function beyond(text: string[], other: string[]): string[] {
  const left = new Map<string, number>();
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
  return text.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().slice(0, 2_000))
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('//'));

const lets =
  /^(?:-\s{0,5})?(?:continue-on-error|continueOnError|allow_failure|soft_fail|ignore_outcome|ignore_failure)\s{0,5}:\s{0,5}['"]?(?!false\b|['"]?$)|^(?:-\s{0,5})?if\s{0,5}:\s{0,5}['"]?(?:false|\$\{\{\s{0,5}false)/;

/** CI and scripts in shell: commands that went, and lines that let failures pass. */
export function changedRuns(before: string, after: string): string[] {
  const [was, now] = [linesOf(before), linesOf(after)];
  const won = beyond(now, was);
  const said = won
    .filter((line) => lets.test(line) || (ignoresFailure(line) && !was.some((each) => isSameCommand(each, line))))
    .map((line) => `lets failures pass: ${line}`);
  const lost = beyond(was, now).filter(
    (line) => isCommand(line) && runsTests(line) && !won.some((each) => isSameCommand(line, each)),
  );
  const conditions = before === '' ? [] : conditionsIn(now, new Set(won), was);
  said.push(...conditions.map((line) => `runs tests only under a condition: ${line}`));
  if (before !== '') said.push(...lost.map((line) => `does not run any more: ${line}`));
  const strict = beyond(was, now).filter(
    (line) => /^set -\w*e/.test(line) && !won.some((each) => /^set -\w*e/.test(each)),
  );
  return [...said, ...strict.map((line) => `goes on after a failure, without ${line}`)];
}

/** Lines of one step of a workflow that are looked at, in both directions. */
const maxStep = 10;

/** New lines that are the condition of a step that ran tests before. */
function conditionsIn(lines: string[], won: ReadonlySet<string>, was: string[]): string[] {
  const known = new Set(was.map(withoutDash));
  return lines.filter((line, i) => won.has(line) && isConditionOf(lines, i, known));
}

const withoutDash = (line: string): string => line.replace(/^-\s{0,5}/, '');

function isConditionOf(lines: string[], at: number, known: ReadonlySet<string>): boolean {
  if (!/^(?:-\s{0,5})?if\s{0,5}:/.test(lines[at] ?? '')) return false;
  let from = at;
  while (from > 0 && at - from < maxStep && !(lines[from] ?? '').startsWith('-')) from--;
  let to = at + 1;
  while (to < lines.length && to - at < maxStep && !(lines[to] ?? '').startsWith('-')) to++;
  return lines.slice(from, to).some((line) => isCommand(line) && runsTests(line) && known.has(withoutDash(line)));
}

/** A line of a recipe, not a key of a workflow; installing a test runner runs no test. */
const isCommand = (line: string): boolean =>
  (/^(?:-\s{0,5})?(?:run|script|command|test|before_script)\s{0,5}:/.test(line) ||
    !/^(?:-\s{0,5})?["']?[\w.-]{1,80}["']?\s{0,5}:(?:\s|$)/.test(line)) &&
  !/\b(?:pip3?|npm|pnpm|yarn|go|apt-get|apt|gem|cargo|brew|uv|poetry)\s{1,5}(?:-\w{1,5}\s{1,5})?(?:install|i|ci|get|add|sync)\b/.test(
    line,
  );

/** Recipes of a Makefile: what the targets of before still do. */
export function changedRecipes(before: string, after: string): string[] {
  const [was, now] = [recipesOf(before), recipesOf(after)];
  return [...was].flatMap(([target, commands]) => {
    if (!runsTests(`${target} ${commands.join(' ')}`)) return [];
    const other = now.get(target);
    if (!other) return commands.length > 0 ? [`has no target ${target} any more`] : [];
    const same = commands.every((command, i) => isSameCommand(command, other[i] ?? ''));
    const lets = other.some(
      (command) => !commands.includes(command) && (command.startsWith('-') || ignoresFailure(command)),
    );
    return same && !lets ? [] : [`runs other commands for the target ${target}`];
  });
}

function recipesOf(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let target = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('\t')) {
      if (target !== '') found.get(target)?.push(line.trim().replace(/^@/, '').slice(0, 2_000));
      continue;
    }
    const colon = line.indexOf(':');
    target =
      colon > 0 && !line.startsWith('#') && line[colon + 1] !== '=' && !line.startsWith('.')
        ? line.slice(0, colon).trim()
        : '';
    if (target !== '') found.set(target, []);
  }
  return found;
}

const buildLine =
  /test|surefire|failsafe|jacoco|ignoreFailures|exclude|include|filter|minimum|enabled|onlyIf|groups|rerun|retry/i;
const plain =
  /^(?:(?:test|androidTest|integrationTest)?(?:Implementation|RuntimeOnly|CompileOnly|AnnotationProcessor)|api)\b|^useJUnitPlatform\(\s{0,5}\)$|^(?:maxHeapSize|maxParallelForks|jvmArgs|testLogging|forkEvery)\b|^<(?:version|groupId|artifactId|scope|trimStackTrace|argLine|forkCount|reuseForks|testSource|testResource|directory)>|^<\/?(?:plugin|dependency|configuration|testResources?|includes?|excludes?)>$|^id ['"]/;

/** Build files of Maven and Gradle, apart from what the tests depend on. */
export function changedBuild(before: string, after: string): string[] {
  const [was, now] = [before, after].map((text) =>
    linesOf(withoutDependencies(text)).filter((line) => buildLine.test(line) && !plain.test(line)),
  ) as [string[], string[]];
  const [lost, won] = [beyond(was, now), beyond(now, was)];
  const raised =
    won.length === 1 && lost.length === 1 && /minimum/i.test(won[0] ?? '') && numberIn(won[0]) >= numberIn(lost[0]);
  return raised
    ? []
    : [
        ...won.map((line) => `has a new line: ${line.slice(0, 200)}`),
        ...lost.map((line) => `lost the line: ${line.slice(0, 200)}`),
      ];
}

const numberIn = (line = ''): number => Number(/\d+(?:\.\d+)?/.exec(line)?.[0] ?? Number.NaN);

/** Dependencies and comments of a pom.xml say nothing about which tests run. */
const withoutDependencies = (text: string): string =>
  without(without(text, '<!--', '-->'), '<dependency>', '</dependency>');

function without(text: string, open: string, close: string): string {
  const parts: string[] = [];
  for (let at = 0; ; ) {
    const start = text.indexOf(open, at);
    const end = start < 0 ? -1 : text.indexOf(close, start);
    if (end < 0) return [...parts, text.slice(at)].join('\n');
    parts.push(text.slice(at, start));
    at = end + close.length;
  }
}
