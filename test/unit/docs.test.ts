import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../cli/main.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import { lintSpec } from '../../core/task-spec/lint/lint.ts';
import { parseSpec } from '../../core/task-spec/parse.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const yamlBlocks = (file: string): string[] =>
  [...read(file).matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

describe('the documents', () => {
  test('name only files that are there', () => {
    const missing = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)\)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test('name only commands that there are', async () => {
    const known = new Set((await createProgram()).commands.map((command) => command.name()));
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/(?:`|^|\n)drydock ([a-z]+)/g)].map((match) => match[1] ?? ''),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  test('show a policy and a spec that are valid', () => {
    expect(parsePolicy(Buffer.from(yamlBlocks('docs/policy.md')[0] ?? '')).problems).toEqual([]);
    const { problems } = parseSpec('README.yaml', Buffer.from(yamlBlocks('README.md')[0] ?? ''));
    expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  });
});

describe("this repository's own specs", () => {
  const specs = readdirSync(join(root, '.agent-tasks'));
  test.each(specs)('%s is valid and clear', (name) => {
    const report = lintSpec(name, readFileSync(join(root, '.agent-tasks', name)));
    expect(report.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
    expect(report.clarity).toBeGreaterThanOrEqual(75);
  });
});
