/** No text from outside makes the product work for more than linear time. */
import { describe, expect, it } from 'vitest';

import { linesOf } from '../../adapters/github/repository/objects.ts';
import { plain } from '../../cli/terminal/output.ts';
import { ciFeedback, missingCauses } from '../../core/ci/verdict.ts';
import { readCommand } from '../../core/comment/command.ts';
import { filesOfDiff } from '../../core/diff/unified.ts';
import { actsOnTests } from '../../core/guard/attention/acts-on-tests.ts';
import { kindOf } from '../../core/guard/attention/file-kinds.ts';
import { compareLines } from '../../core/guard/attention/lines.ts';
import { actingLines, actionsOf, lockSurprise } from '../../core/guard/attention/manifests.ts';
import { findHidden } from '../../core/guard/hidden.ts';
import { unnamedPrograms } from '../../core/guard/install-scripts.ts';
import { changedSources } from '../../core/guard/locks/packages.ts';
import { isGitFolder } from '../../core/guard/paths.ts';
import { findSecret } from '../../core/guard/secrets.ts';
import { compareTests } from '../../core/guard/tests/compare.ts';
import { testSettingChanges } from '../../core/guard/tests/settings/settings.ts';
import { factsOf } from '../../core/guard/tests/source/facts.ts';
import { asksWhetherTested } from '../../core/guard/tests/tested.ts';
import { formatViolations } from '../../core/guard/violation.ts';
import { cardOf } from '../../core/notification/card.ts';
import { mailHtml } from '../../core/notification/render/mail-html.ts';
import { slackMessage } from '../../core/notification/render/slack.ts';
import { parsePlan } from '../../core/plan/parse.ts';
import { barFor, fence, stripHidden } from '../../core/prompt/fence.ts';
import { ordersToAgents, suspicious } from '../../core/prompt/suspicious.ts';
import { cellCode, code, escapeMarkdown } from '../../core/publish/escape.ts';
import { ownersOf } from '../../core/review/codeowners.ts';
import { findSecrets } from '../../core/secrets/known-secrets.ts';
import { pathRule } from '../../core/task-spec/constraints.ts';
import { hiddenContent } from '../../core/task-spec/hidden/content.ts';
import { lintSpec } from '../../core/task-spec/lint/lint.ts';
import { hiddenCharacter, readText } from '../../core/task-spec/text.ts';
import { hiddenIn, visible } from '../../core/text/hidden.ts';
import { npmPath } from '../../gateway/registry/npm-path.ts';
import { TestReader } from '../../sandbox/runner/commands/test-report.ts';
import { withoutColours } from '../../web/html/markup.ts';
import { sampleNotice } from '../support/notices.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const result = (detail: string) => ({ name: detail, state: 'failed' as const, conclusion: 'failure', detail });
const refused = (work: () => unknown) => {
  try {
    work();
  } catch {
    // An invalid plan is refused; the time until then counts.
  }
};

/** What reads text from outside: sandboxes, code hosts, specs, comments. */
const readers: Record<string, (text: string) => unknown> = {
  'tests of JavaScript': (text) => tests('a.test.ts', text),
  'tests of Python': (text) => tests('test_a.py', text),
  'tests of Java': (text) => tests('ATest.java', text),
  'tests of Go': (text) => tests('a_test.go', text),
  'tests of Rust': (text) => tests('src/a.rs', text),
  ...Object.fromEntries(
    [
      'package-lock.json',
      'yarn.lock',
      'pnpm-lock.yaml',
      'poetry.lock',
      'go.sum',
      'requirements.txt',
      'gradle/verification-metadata.xml',
    ].map(
      (path) =>
        [
          `packages of ${path}`,
          (text: string) => changedSources(path, lockBegin + text, `${lockBegin}${text} `),
        ] as const,
    ),
  ),
  'a source that asks whether it is tested': (text) => asksWhetherTested('a.ts', '', `VITEST ${text}`),
  findSecrets,
  'findSecret beside the base': (text) => findSecret(text, text),
  ...Object.fromEntries(
    [
      'package.json',
      'pyproject.toml',
      'pom.xml',
      'build.gradle',
      'vitest.config.ts',
      'Makefile',
      '.gitlab-ci.yml',
      'tox.ini',
      'Cargo.toml',
      '.nycrc',
    ].map(
      (path) =>
        [
          `settings of ${path}`,
          (text: string) =>
            testSettingChanges(
              path,
              `[tool.pytest]
${text}`,
              text,
            ),
        ] as const,
    ),
  ),
  'output of tests': (text) => {
    const reader = new TestReader();
    reader.push(Buffer.from(`${text}\n1..1\n`), 'stdout');
    return reader.report();
  },
  'settings of .npmrc': (text) => unnamedPrograms('.npmrc', '', text),
  isGitFolder,
  'suspicious and ordersToAgents': (text) => [suspicious(text), ordersToAgents(text)],
  hiddenContent,
  'kindOf a path': (text) => kindOf(text.slice(0, 4_096)),
  actsOnTests: (text) => actsOnTests(text.split('\n')),
  compareLines: (text) => [compareLines(text, `${text}x`), compareLines(`x\n${text}`, text), compareLines('', text)],
  'actionsOf and actingLines': (text) => [actionsOf(text), actingLines('pom.xml', text), actingLines('go.mod', text)],
  lockSurprise: (text) => [lockSurprise('', text), lockSurprise(text, `${text}x`)],
  formatViolations: (text) => formatViolations([{ rule: 'InvalidPath', path: text, message: text }]),
  stripHidden,
  'barFor and fence': (text) => [barFor(text, 3), fence(text, text)],
  'escapeMarkdown, code and cellCode': (text) => [escapeMarkdown(text), code(text), cellCode(text)],
  readCommand: (text) => readCommand(`${text.slice(0, 30_000)}\n\n/drydock approve\n${text.slice(0, 30_000)}`),
  'visible and withoutColours': (text) => [visible(text), withoutColours(text), [...hiddenIn(text)]],
  findHidden: (text) => [findHidden(text, ''), findHidden(text, text)],
  plain,
  filesOfDiff: (text) => filesOfDiff(`diff --git a/a b/a\n@@ -1 +1 @@\n${text}`),
  linesOf: (text) => linesOf(bytes(text)),
  'readText and hiddenCharacter': (text) => [readText(bytes(text)), hiddenCharacter(text)],
  'a spec in Markdown': (text) =>
    lintSpec('a.md', bytes(`---\ntask_id: A-1\nrepository: a/b\noutput_branch_prefix: a\n---\n${text}`)),
  npmPath: (text) => [
    npmPath(text),
    npmPath(text.slice(0, 999)),
    npmPath(`@${text.slice(0, 99)}/-/${text.slice(0, 800)}`),
  ],
  'a spec in YAML': (text) => lintSpec('a.yaml', bytes(text)),
  pathRule: (text) => pathRule(`only change ${text}`),
  // The YAML parser makes an error of each character, which takes time, but not more than linear.
  parsePlan: (text) => refused(() => parsePlan(text.slice(0, Math.ceil(text.length / 8)), 'agent')),
  ownersOf: (text) => ownersOf(text, ['src/a.ts']),
  'ciFeedback and missingCauses': (text) => [ciFeedback([result(text)]), missingCauses(text, [result(text)])],
  'a notice and its messages': (text) => {
    const card = cardOf(sampleNotice('plan', { facts: { context: text, first: [text] } }));
    return [mailHtml(card), slackMessage(card, [])];
  },
};

const lockBegin = 'packages:\n[[package]]\nname = "a"\n<component group="a">\n';

/** A file of tests before and after a change of its end. */
function tests(path: string, text: string): unknown {
  const [before, after] = [text, `${text.slice(0, -10)}(a, 1)`].map((each) => factsOf([{ path, text: each }]));
  return compareTests(before ?? [], after ?? [], false);
}

/** Units that are repeated: what the expressions of these readers begin with, and what they search for in vain. */
const units = [
  ...'\n \t\raA1.-_/\\*`~#@<>[](){}"\'$&=:;,|?!',
  ...['\r\n', '\u200b', '\ufe0f', '\u001b[', '😀', '\ud800', 'é', '\n\n', ' \n', 'a\n', '- ', '> ', '# ', '1. '],
  ...['/*', '*/', '/*\n', '//', '//\n', '<!--', '-->', '<!-- ', '<a ', '<a b="', '![', '](', '[a]: ', '```\n'],
  ...[
    "it('a', () => {",
    "it('a', () => {})\n",
    'try {',
    '} catch {}',
    'if (',
    'return\n',
    'expect(a).toBe(1)\n',
    'assert a == 1\n',
    '  def test_a():\n',
    '@Test void a() {',
    'func TestA(t) {\n',
    '#[test] fn a() {',
    'f(a => ',
    '[[a], ',
    'a: {',
    '  assert (',
    'if a:\n ',
  ],
  ...[
    'a@1:\n',
    '  version "1"\n',
    '  a@1:\n',
    '    resolution: {',
    'hash = "',
    'a v1 h1:a\n',
    'a==1 ',
    ' --hash=sha256:',
    '<component ',
    '<sha256 value="',
  ],
  ...['it(', 'it.a', 'it.', 'test.skip', 'skip:', ' skip : ', '#[cfg_attr(', '#[a::', 'expect', 'assert ', 'def test_'],
  ...['AKIA', 'sk-', 'eyJ', 'ghp_', '://a:', '-----BEGIN ', 'aws_secret_', 'https://', 'www.', 'GH-1', '@a', '#1'],
  ...[
    'only change ',
    'and ',
    'a b ',
    'two ',
    '1 a ',
    'pin from ',
    'tests pass ',
    'leave a ',
    'a/',
    '../',
    '**/',
    'a.b',
  ],
  ...['ignore ', 'do not tell ', 'send ', 'curl ', 'system', '[a]', '[a][b] ', '![a](', 'title=', '<p style='],
  ...['{..', '{a', '${', '=======\n', '<<<<<<< \n', '@@ ', '+a\n', '[tool.', '"a":', '{"a":', '- a: ', 'a: &a ', '*a '],
];

const small = 4 * 1024;
const factor = 8;
/** Below this nobody waits, whatever the growth is. Milliseconds. */
const unnoticed = 30;
/** Linear work grows by `factor`, quadratic work by its square. */
const maxGrowth = 3 * factor;

const fill = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

/** Processor time of this thread, which other work of the machine does not lengthen by much; the fastest of several. */
function msOf(read: (text: string) => unknown, text: string, times: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = process.threadCpuUsage();
    read(text);
    const { user, system } = process.threadCpuUsage(start);
    fastest = Math.min(fastest, (user + system) / 1_000);
  }
  return fastest;
}

/** How much longer a text of eight times the length takes; 0 for a time that nobody notices. */
function growthOf(read: (text: string) => unknown, unit: string): number {
  const large = fill(unit, small * factor);
  if (msOf(read, large, 1) < unnoticed) return 0;
  let growth = Number.POSITIVE_INFINITY;
  // What is quadratic is so each time; a machine that is busy for a second is not.
  for (let attempt = 0; attempt < 8 && growth > maxGrowth; attempt++) {
    const ms = msOf(read, large, 3);
    growth = ms < unnoticed ? 0 : Math.min(growth, ms / Math.max(0.1, msOf(read, fill(unit, small), 5)));
  }
  return growth;
}

describe('text from outside', () => {
  it.each(Object.entries(readers))('takes linear time, whatever is repeated: %s', (_, read) => {
    const slow = units.filter((unit) => growthOf(read, unit) > maxGrowth);
    expect(slow.map((unit) => JSON.stringify(unit))).toEqual([]);
  });

  it('a search that takes quadratic time is seen', () => {
    expect(growthOf((text) => text.replace(/^\s*\/\*[\s\S]*?\*\//gm, ''), '\n')).toBeGreaterThan(maxGrowth);
  });
});
