import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readRunbook } from '../../../../core/runbook/parse.ts';
import { readParameters, useRunbook } from '../../../../core/runbook/use.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const place = { repository: 'acme/app', targetBranch: 'main' };

const good = `---
runbook: upgrade
version: 3
description: Upgrade a dependency
parameters:
  package:
    description: Name of the package
    type: word
  to:
    description: Version
    type: word
    pattern: \\d+\\.\\d+\\.\\d+
    default: 1.0.0
  where:
    description: Folders
    type: list
    default: [src/**]
  limit: {description: Dollars, type: number, default: 2}
  kind: {description: Kind, enum: [major, minor], default: minor}
spec:
  task_id: UP-\${package}
  target_paths: [package.json, "\${where}"]
  constraints: ["Change only \${where}"]
  success_criteria:
    - {says: "It is a \${kind} upgrade", run: "npm ls \${package} --\${kind}"}
  sandbox: {package_manager: npm, test_command: "npm test -- \${FOO:-x} $\${package}"}
  budget: {max_usd: "\${limit}"}
---

# Upgrade \${package} to \${to}

Read \${where}. Write $\${package} as it is.
`;
const read = (text: string, file = '.agent-tasks/runbooks/upgrade.md') => readRunbook(file, bytesOf(text));
const problemsOf = (text: string, file?: string): string[] =>
  read(text, file).problems.map(({ line, column, rule }) => `${line}:${column} ${rule}`);
function valid(text: string) {
  const { runbook, ...rest } = read(text);
  if (!runbook) throw new Error(JSON.stringify(rest.problems));
  return { ...rest, runbook };
}

test('R8 a runbook makes a spec, which says what it was made from', () => {
  const one = valid(good);
  expect(one.problems).toEqual([]);
  const made = useRunbook(one, { package: 'zod', where: 'src/a,lib/**', limit: '3.5' }, place);
  expect(parse(new TextDecoder().decode(made.bytes))).toEqual({
    task_id: 'UP-zod',
    title: 'Upgrade zod to 1.0.0',
    repository: 'acme/app',
    target_branch: 'main',
    output_branch_prefix: 'agent/upgrade',
    target_paths: ['package.json', 'src/a', 'lib/**'],
    constraints: ['Change only src/a, lib/**'],
    success_criteria: [{ says: 'It is a minor upgrade', run: 'npm ls zod --minor' }],
    sandbox: { package_manager: 'npm', test_command: 'npm test -- ${FOO:-x} ${package}' },
    budget: { max_usd: 3.5 },
    instructions: '# Upgrade `zod` to `1.0.0`\n\nRead `src/a`, `lib/**`. Write ${package} as it is.',
    runbook: {
      name: 'upgrade',
      version: 3,
      digest: one.runbook.digest,
      parameters: { package: 'zod', to: '1.0.0', where: ['src/a', 'lib/**'], limit: 3.5, kind: 'minor' },
    },
  });
});

test('the same use is the same task; each firing is a task of its own', () => {
  const one = valid(good.replace('  task_id: UP-${package}\n', ''));
  const id = (given: Record<string, unknown>, key?: string): string =>
    useRunbook(one, given, { ...place, ...(key === undefined ? {} : { key }) }).taskId;
  expect(id({ package: 'zod' })).toBe(id({ package: 'zod', to: '1.0.0' }));
  expect(id({ package: 'zod' })).toMatch(/^upgrade-[0-9a-f]{8}$/);
  expect(id({ package: 'zod' })).not.toBe(id({ package: 'yaml' }));
  expect(id({ package: 'zod' }, 'a')).not.toBe(id({ package: 'zod' }, 'b'));
  expect(useRunbook(valid(good), { package: 'zod' }, { ...place, key: 'a' }).taskId).toMatch(/^UP-zod-[0-9a-f]{8}$/);
});

describe('bad parameters are all named at once, at the line of their definition', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['missing', {}, ['6:3 missing-parameter']],
    [
      'unknown, near a known one',
      { package: 'zod', two: 'x', pakage: 'y' },
      ['5:1 unknown-parameter', '5:1 unknown-parameter'],
    ],
    [
      'each of another kind',
      { package: 'a b', to: '1.x', where: '../etc,src', limit: 'much', kind: 'tiny' },
      ['6:3 parameter', '9:3 parameter', '14:3 parameter', '18:3 parameter', '19:3 parameter'],
    ],
    ['inherited names', { package: 'zod', constructor: 'x' }, ['5:1 unknown-parameter']],
  ])('%s', (_name, given, expected) => {
    const checked = readParameters(valid(good), given);
    expect('problems' in checked && checked.problems.map((p) => `${p.line}:${p.column} ${p.rule}`)).toEqual(expected);
    expect(() => useRunbook(valid(good), given, place)).toThrow(expect.objectContaining({ name: 'ParametersInvalid' }));
  });
});

describe('lint names line and column', () => {
  const change = (from: string, to: string): string => {
    expect(good).toContain(from);
    return good.replace(from, to);
  };
  test.each<[string, () => string, string[]]>([
    ['a name other than that of the file', () => change('runbook: upgrade', 'runbook: other'), ['2:10 name']],
    ['no guide', () => `${good.slice(0, good.lastIndexOf('---'))}---\n`, ['9:3 unused', '28:4 required']],
    ['an unknown field', () => change('version: 3', 'version: 3\nverzion: 3'), ['4:1 unknown-key']],
    ['an unknown field of the spec', () => change('  budget: {', '  budjet: {'), ['27:3 unknown-key']],
    ['an unknown parameter in the spec', () => change('UP-${package}', 'UP-${pakage}'), ['21:12 placeholder']],
    ['an unknown parameter in the guide', () => change('Read ${where}', 'Read ${wherever}'), ['32:6 placeholder']],
    ['text in a command', () => change('npm test -- ', 'npm test -- ${where} '), ['26:49 in-command']],
    [
      'a parameter in the name of a field',
      () => change('  budget: {max_usd', '  budget: {"${kind}": 1, max_usd'),
      ['27:12 placeholder'],
    ],
    ['a default outside of its pattern', () => change('default: 1.0.0', 'default: latest'), ['13:14 default']],
    [
      'an enum outside of its type',
      () => change('enum: [major, minor], default: minor', 'type: integer, enum: [major]'),
      ['19:51 enum'],
    ],
    ['a pattern with a group', () => change('\\d+\\.\\d+\\.\\d+', '(a+)+'), ['12:14 format']],
    ['instructions beside the guide', () => change('spec:\n', 'spec:\n  instructions: x\n'), ['21:3 field']],
    ['a use that somebody wrote', () => change('spec:\n', 'spec:\n  runbook: {}\n'), ['21:3 field']],
    [
      'a schedule that never comes',
      () => change('spec:\n', 'triggers: [{schedule: "0 6 31 2 *", timezone: UTC}]\nspec:\n'),
      ['20:23 format'],
    ],
    [
      'no such time zone',
      () => change('spec:\n', 'triggers: [{schedule: "0 6 * * *", timezone: Mars/Base}]\nspec:\n'),
      ['20:46 format'],
    ],
    [
      'a trigger without a value',
      () => change('spec:\n', 'triggers: [{issue_label: drydock}]\nspec:\n'),
      ['20:12 parameter'],
    ],
    [
      'a secret',
      () => change('Read ${where}', 'Use ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa. Read ${where}'),
      ['32:5 secret'],
    ],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text())).toEqual(expected);
  });

  test('a parameter that nothing uses is a warning', () => {
    const text = good.replace('spec:\n', '  spare: {description: Spare}\nspec:\n');
    expect(problemsOf(text)).toEqual(['20:3 unused']);
    expect(read(text).runbook).toBeDefined();
  });

  test('an invalid spec that only values make is said with the lines of the runbook', () => {
    expect(() => useRunbook(valid(good), { package: '@acme/zod' }, place)).toThrow(
      /upgrade\.md:21:12 format: task_id: Use 1 to 64 letters/,
    );
  });
});
