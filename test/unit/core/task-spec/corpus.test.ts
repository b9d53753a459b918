import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyPolicy } from '../../../../core/policy/merge.ts';
import { soloPolicy } from '../../../../core/policy/schema.ts';
import { lintSpec } from '../../../../core/task-spec/lint/lint.ts';
import { fixSpec, parseSpec } from '../../../../core/task-spec/parse.ts';

const corpus = new URL('corpus/', import.meta.url);
const names = (folder: string) => readdirSync(new URL(folder, corpus)).filter((name) => name !== 'README.md');
const read = (path: string) => readFileSync(new URL(path, corpus));

test.each(names('good'))('R1 good/%s loads as it stands and is clear', (name) => {
  const report = lintSpec(name, read(`good/${name}`));
  expect(report.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  expect(report.valid).toBe(true);
  expect(report.clarity).toBeGreaterThanOrEqual(75);
});

test('R1 the body of a Markdown spec is its instructions, its first heading its title', () => {
  const { spec } = parseSpec('FIX-ROUNDING-007.md', read('good/FIX-ROUNDING-007.md'));
  expect(spec?.instructions).toMatch(/^# Round half to even\n\n`roundHalfEven`/);
  expect(spec?.title).toBe('Round half to even');
});

/** Every problem of each bad spec, as `line:column rule`. */
const missing = (...fields: string[]) => fields.map((field) => `1:1 required "${field}" is missing.`);
const allButId = missing('repository', 'target_branch', 'output_branch_prefix', 'instructions', 'constraints');
const bad: Record<string, string[]> = {
  'bidi.yaml': ['7:24 bidi-character'],
  'binary.yaml': ['1:1 encoding'],
  'branch-injection.yaml': ['4:23 format'],
  'duplicate-key.yaml': ['10:1 duplicate-key'],
  'empty.yaml': ['1:1 empty-file'],
  'missing-everything.yaml': allButId,
  'negative-budget.yaml': ['10:19 range'],
  'not-yaml.yaml': [...allButId, '1:10 type', '1:19 yaml-syntax'],
  'option-branch.yaml': ['3:16 format'],
  'proto.yaml': ['10:1 dangerous-key'],
  'traversal-id.yaml': ['1:10 format', '1:10 format'],
  'unknown-key.yaml': ['10:1 unknown-key'],
  'unquoted-at.yaml': ['19:7 unquoted-scalar'],
  'wildcard-egress.yaml': ['8:86 format'],
};

test.each(Object.entries(bad))('R2 bad/%s is refused with every problem at its place', (name, expected) => {
  const parsed = parseSpec(name, read(`bad/${name}`));
  expect(parsed.spec).toBeUndefined();
  const found = parsed.problems.map((problem, i) => {
    const short = `${problem.line}:${problem.column} ${problem.rule}`;
    return expected[i]?.includes('"') ? `${short} ${problem.message}` : short;
  });
  expect(found).toEqual(expected);
});

test('R2 bad/bomb.yaml: each line of anchors and aliases is named, nothing is multiplied', () => {
  const { spec, problems } = parseSpec('bomb.yaml', read('bad/bomb.yaml'));
  expect(spec).toBeUndefined();
  const lines = (rule: string) => problems.filter((problem) => problem.rule === rule).map((problem) => problem.line);
  expect(lines('anchor')).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(lines('alias')).toEqual([2, 3, 4, 5, 6, 7, 8]);
});

test('R3 bad/vague.yaml is valid, scores low and is told what to write for each part', () => {
  const report = lintSpec('vague.yaml', read('bad/vague.yaml'));
  expect(report.valid).toBe(true);
  expect(report.clarity).toBeLessThanOrEqual(25);
  expect(report.clarityParts.map(({ part, advice }) => [part, typeof advice])).toEqual([
    ['targets', 'string'],
    ['constraints', 'string'],
    ['success', 'string'],
    ['excluded', 'string'],
  ]);
  expect(report.problems.every(({ severity }) => severity === 'warning')).toBe(true);
});

test('R34 bad/loosens-review.yaml is well-formed and refused by the policy', () => {
  const { spec, problems } = parseSpec('loosens-review.yaml', read('bad/loosens-review.yaml'));
  expect(problems).toEqual([]);
  if (!spec) throw new Error('not parsed');
  const policy = soloPolicy({ id: 'me', email: 'me@example.com' }, [{ name: spec.repository, url: '.' }]);
  const applied = applyPolicy(spec, policy, 'me');
  expect(applied.task).toBeUndefined();
  expect(applied.problems.map(({ name, path }) => `${name} ${path}`)).toEqual([
    'PolicyRefused review.require_human_approval',
    'PolicyRefused review.required_reviewers',
  ]);
});

test('R2 bad/unquoted-at.yaml: the remedy is to quote, and the fix loads', () => {
  const bytes = read('bad/unquoted-at.yaml');
  expect(parseSpec('a.yaml', bytes).problems[0]?.message).toContain('"@testing-library/dom@^10.0.0"');
  const mended = fixSpec('a.yaml', bytes);
  if (!mended) throw new Error('not mended');
  const { spec, problems } = parseSpec('a.yaml', mended);
  expect(problems).toEqual([]);
  expect(spec?.sandbox.dependencies).toEqual(['vitest@^1.6.0', '@testing-library/dom@^10.0.0']);
});

test('every file of the corpus is tested', () => {
  const elsewhere = ['bomb.yaml', 'vague.yaml', 'loosens-review.yaml'];
  expect([...Object.keys(bad), ...elsewhere].sort()).toEqual(names('bad').sort());
});
