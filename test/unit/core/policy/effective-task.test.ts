/** What Submit stores, every step reads again: no spec and no policy may give a task that the stored form refuses. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defined } from '../../../../core/defined.ts';
import { applyPolicy } from '../../../../core/policy/merge.ts';
import { policySchema } from '../../../../core/policy/schema.ts';
import { effectiveTask } from '../../../../core/run/effective-task.ts';
import { parseSpec } from '../../../../core/task-spec/parse.ts';
import { specSchema, type TaskSpec } from '../../../../core/task-spec/schema.ts';
import { specBytes } from '../task-spec/specs.ts';

const policyOf = (changes: Record<string, unknown>) =>
  policySchema.parse({
    version: 1,
    people: { lead: { email: 'lead@example.com', github: 'lead-gh', slack: 'U012' } },
    repositories: { 'acme/app': { host: 'git', url: '.', team: 'web' } },
    review: { approvers: ['lead'] },
    ...changes,
  });
/** A policy that allows what a spec asks for. */
const policyFor = ({ repository, team = 'web', sandbox, review, budget }: TaskSpec) =>
  policyOf({
    repositories: { [repository]: { host: 'github', team } },
    egress: { hosts: sandbox.egress },
    limits: defined({
      cpu: sandbox.cpu,
      memory_mb: sandbox.memory_mb,
      timeout_minutes: sandbox.timeout_minutes,
      usd_per_run: budget.max_usd,
    }),
    review: {
      approvers: ['lead', 'second@example.com', 'third@example.com'],
      ...defined({ required_reviewers: review.required_reviewers }),
    },
  });
/** As the artifact store gives it back. */
const stored = (task: unknown): unknown => JSON.parse(JSON.stringify(task));

test('a task with any amounts is read again as it was', () => {
  let resolved = 0;
  const amount = (max: number) => fc.option(fc.double({ min: 0.01, max, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.record({
        cpu: amount(8),
        timeout_minutes: amount(200),
        memory_mb: fc.option(fc.integer({ min: 1, max: 9_000 }), { nil: undefined }),
      }),
      amount(50),
      fc.record({
        cpu: fc.double({ min: 0.25, max: 8, noNaN: true }),
        usd_per_run: fc.double({ min: 0.01, max: 50, noNaN: true }),
      }),
      fc.double({ min: 1, max: 500, noNaN: true }),
      (sandbox, max_usd, limits, limit_usd) => {
        const budgets = { web: { sprint_starts: '2026-11-16', sprint_days: 14, limit_usd } };
        const parsed = policySchema.safeParse({ ...policyOf({}), limits, budgets });
        const { spec } = parseSpec('a.yaml', specBytes({ sandbox, budget: { max_usd } }));
        if (!parsed.success || spec === undefined) return fc.pre(false);
        const { task } = applyPolicy(spec, parsed.data, 'dev');
        if (!task) return;
        resolved += 1;
        expect(effectiveTask.parse(stored(task))).toEqual(stored(task));
      },
    ),
    { numRuns: 500 },
  );
  expect(resolved).toBeGreaterThan(20);
});

const corpus = resolve(import.meta.dirname, '../task-spec/corpus/good');
const specs = readdirSync(corpus).filter((name) => name !== 'README.md');
test.each(specs)('the task of %s is read again as it was', (name) => {
  const { spec } = parseSpec(name, readFileSync(join(corpus, name)));
  if (!spec) throw new Error('the corpus has a spec that is refused');
  const { task, problems } = applyPolicy(spec, policyFor(spec), 'dev');
  expect(problems).toEqual([]);
  expect(effectiveTask.parse(stored(task))).toEqual(stored(task));
});

test('the stored form has each field of a spec', () => {
  const { sandbox, budget, review } = specSchema.shape;
  const kept = effectiveTask.shape.spec.shape;
  const names = (shape: object): string[] => Object.keys(shape).sort();
  expect(names(kept)).toEqual(names(specSchema.shape));
  expect(names(kept.sandbox.shape)).toEqual(names(sandbox.unwrap().in.shape));
  expect(names(kept.budget.shape)).toEqual(names(budget.unwrap().shape));
  expect(names(kept.review.shape)).toEqual(names(review.unwrap().shape));
});
