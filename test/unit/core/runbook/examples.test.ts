import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRunbook } from '../../../../core/runbook/parse.ts';
import { useRunbook } from '../../../../core/runbook/use.ts';
import { lintRead } from '../../../../core/task-spec/lint/lint.ts';

const folder = join(import.meta.dirname, '../../../../examples/runbooks');
const given: Record<string, Record<string, string>> = {
  'api-reference.md': {},
  'migrate-tests.md': { folder: 'test' },
  'upgrade-dependency.md': { package: '@acme/zod', version: '4.1.0' },
};

test.each(readdirSync(folder))('the example %s lints clean, and makes a clear spec', (name) => {
  const { runbook, ...read } = readRunbook(name, readFileSync(join(folder, name)));
  expect(read.problems).toEqual([]);
  if (!runbook) throw new Error('no runbook');
  const place = { repository: 'acme/app', targetBranch: 'main' };
  const made = useRunbook({ ...read, runbook }, given[name] ?? { unknown: '' }, place);
  const { problems, clarity } = lintRead(made.read);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(clarity).toBeGreaterThanOrEqual(75);
});
