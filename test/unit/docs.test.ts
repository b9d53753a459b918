import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../cli/main.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import { lintSpec } from '../../core/task-spec/lint/lint.ts';
import { parseSpec } from '../../core/task-spec/parse.ts';
import { drawArchitecture } from '../../scripts/picture.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...pagesIn('docs'),
  ...pagesIn('examples'),
  ...pagesIn('.github'),
];
const yamlBlocks = (file: string): string[] =>
  [...read(file).matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

const sources = (): string[] =>
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(?:\..*|node_modules|dist|cdk\.out|docs|test)$/.test(entry.name))
    .flatMap((room) =>
      readdirSync(join(root, room.name), { recursive: true, encoding: 'utf8' }).map((file) => join(room.name, file)),
    )
    .filter((file) => file.endsWith('.ts'));
const headings = (page: string): string[] => [...read(page).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');

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

  test('have the picture of the architecture as `npm run picture` draws it', async () => {
    expect(read('docs/architecture.svg')).toBe(await drawArchitecture());
  });

  test('are all in the index', () => {
    const index = read('docs/README.md');
    const unlisted = pagesIn('docs').filter(
      (page) => page !== 'docs/README.md' && !index.includes(`](${page.slice(5)})`),
    );
    expect(unlisted).toEqual([]);
  });

  test('have the pages and the sections that sources and messages name', () => {
    const named = sources().flatMap((file) =>
      [...read(file).matchAll(/docs\/([a-z-]+\.md)(?:, "?([A-Z][A-Za-z ]*[a-z]))?/g)].map(
        ([said, page = '', section]) => ({ said: `${file}: ${said}`, page: `docs/${page}`, section }),
      ),
    );
    expect(named.filter(({ section }) => section !== undefined).length).toBeGreaterThan(5);
    const missing = named.filter(
      ({ page, section }) => !pages.includes(page) || (section !== undefined && !headings(page).includes(section)),
    );
    expect(missing).toEqual([]);
  });

  test.each([
    'docs/policy.md',
    'docs/egress.md',
    'docs/agents.md',
    'docs/models.md',
    'docs/mcp.md',
    'docs/guard.md',
  ])('%s shows policies that are valid as they stand, but for the version', (page) => {
    const policies = yamlBlocks(page).filter(
      (block) => !/^task_id:/m.test(block) && !/^(?:#.*\n)*sandbox:/.test(block),
    );
    expect(policies.length).toBeGreaterThan(0);
    for (const block of policies) {
      const text = block.startsWith('version: 1') ? block : `version: 1\n${block}`;
      expect(parsePolicy(Buffer.from(text)).problems).toEqual([]);
    }
  });

  test('show a spec that is valid', () => {
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

describe('the version of Node', () => {
  test('is the same in the package and the launcher, and runs the sources', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const [, major = '', minor = ''] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    expect(read('bin/drydock.ts')).toContain(`const minVersion = [${major}, ${minor}] as const;`);
    // Node runs TypeScript without a flag since 22.18: https://nodejs.org/en/blog/release/v22.18.0
    expect(Number(major) * 100 + Number(minor)).toBeGreaterThanOrEqual(2218);
  });
});
