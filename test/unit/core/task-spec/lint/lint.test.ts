import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../../../../core/policy/parse.ts';
import { type LintReport, lintSpec } from '../../../../../core/task-spec/lint/lint.ts';
import { isConcrete } from '../../../../../core/task-spec/lint/words.ts';
import { bytesOf, complete, specBytes } from '../specs.ts';

const lint = (changes: Record<string, unknown>): LintReport => lintSpec('a.yaml', specBytes(changes));
const pointsOf = (report: LintReport) =>
  Object.fromEntries(report.clarityParts.map(({ part, points }) => [part, points]));

describe('R3 clarity', () => {
  test('a complete spec has nothing to be told, and at most 25 points a part', () => {
    const report = lint({});
    expect(report.problems).toEqual([]);
    expect(report.clarity).toBeGreaterThanOrEqual(85);
    expect(report.clarityParts.every(({ points, advice }) => points <= 25 && advice === undefined)).toBe(true);
    expect(report.clarity).toBe(report.clarityParts.reduce((sum, { points }) => sum + points, 0));
  });

  /** Evidence for each part, each piece on its own, and the spec without it. */
  const evidence = {
    targets: [
      { target_paths: ['src/money/**'] },
      { constraint: 'Change only src/money/round.ts' },
      { instruction: 'Change the function in src/money/round.ts.' },
      { instruction: 'Change `roundHalfEven`.' },
    ],
    constraints: [
      { constraint: 'Keep the public signature stable' },
      { constraint: 'Add no runtime dependency' },
      { constraint: 'Coverage stays above 85%' },
    ],
    success: [
      { success_criteria: ['the result is 2'] },
      { success_criteria: [{ says: 'green', run: 'npm test' }] },
      { instruction: 'It is done when npm test passes.' },
      { sandbox: { test_command: 'npm test' } },
      { sandbox: { build_command: 'npm run build' } },
    ],
    excluded: [
      { excluded_paths: ['src/ledger/**'] },
      { constraint: 'Do not modify src/ledger' },
      { constraint: 'Do not modify production sources' },
      { instruction: 'Leave the ledger alone.' },
    ],
  };
  interface Piece {
    target_paths?: string[];
    excluded_paths?: string[];
    success_criteria?: unknown[];
    constraint?: string;
    instruction?: string;
    sandbox?: Record<string, string>;
  }
  const assemble = (pieces: Piece[]) =>
    lint({
      instructions: ['Improve it.', ...pieces.flatMap((piece) => piece.instruction ?? [])].join('\n'),
      constraints: pieces.flatMap((piece) => piece.constraint ?? []),
      target_paths: pieces.flatMap((piece) => piece.target_paths ?? []),
      excluded_paths: pieces.flatMap((piece) => piece.excluded_paths ?? []),
      success_criteria: pieces.flatMap((piece) => piece.success_criteria ?? []),
      sandbox: Object.assign({ runtime: 'node:24' }, ...pieces.map((piece) => piece.sandbox ?? {})),
    });

  test("property: taking a part's evidence away always lowers the score", () => {
    const parts = Object.entries(evidence);
    const chosen = fc.tuple(...parts.map(([, pieces]) => fc.subarray<Piece>(pieces, { minLength: 1 })));
    fc.assert(
      fc.property(chosen, fc.nat({ max: parts.length - 1 }), (all, without) => {
        const whole = assemble(all.flat());
        const less = assemble(all.filter((_, i) => i !== without).flat());
        return less.clarity < whole.clarity;
      }),
    );
  });

  test('property: no further piece of evidence ever costs points', () => {
    const pieces: Piece[] = Object.values(evidence).flat();
    fc.assert(
      fc.property(fc.subarray(pieces), fc.constantFrom(...pieces), (some, one) => {
        return assemble([...some, one]).clarity >= assemble(some).clarity;
      }),
    );
  });

  test.each([
    'target_paths',
    'excluded_paths',
    'success_criteria',
    'constraints',
  ] as const)('the complete spec without %s scores lower', (field) => {
    expect(lint({ [field]: [] }).clarity).toBeLessThan(lint({}).clarity);
  });

  test.each([
    'Improve the code.',
    'Make it better.',
    'Clean up everything',
    'Please refactor the codebase properly',
    'Write clean code',
  ])('%j earns nothing', (text) => {
    expect(isConcrete(text)).toBe(false);
    const report = lint({
      instructions: text,
      constraints: [text],
      success_criteria: [text],
      target_paths: [],
      excluded_paths: [],
      sandbox: {},
    });
    expect(pointsOf(report)).toEqual({ targets: 0, constraints: 0, success: 0, excluded: 0 });
  });
});

test('R3 what is named to be left alone is no target', () => {
  const pointsFor = (instructions: string) => pointsOf(lint({ instructions, constraints: [], target_paths: [] }));
  expect(pointsFor('Improve it. Do not touch src/a.ts.')).toMatchObject({ targets: 0 });
  expect(pointsFor('Improve src/b.ts. Do not touch src/a.ts.')).toMatchObject({ targets: 18 });
});

test('R3 advice on the instructions of a Markdown spec is shown at its body', () => {
  const front = JSON.stringify({ ...complete, instructions: undefined, target_paths: [], constraints: [] });
  const { problems } = lintSpec('a.md', bytesOf(`---\n${front}\n---\n\nImprove it.\n`));
  expect(problems.filter(({ rule }) => rule === 'clarity-targets').map(({ line }) => line)).toEqual([5]);
});

describe('R4 delegation advice, a spec for each row of the matrix', () => {
  const rows: [string, Record<string, unknown>, string, string][] = [
    [
      'single-file fix',
      {
        task_id: 'FIX-1',
        instructions: 'Fix the off-by-one error in src/page.ts.',
        target_paths: ['src/page.ts'],
        constraints: [],
      },
      'local',
      'negligible',
    ],
    [
      'dependency upgrade across modules',
      {
        task_id: 'UP-1',
        instructions: 'Upgrade zod from 3.x to 4.x in all packages.',
        target_paths: ['packages/a', 'packages/b', 'packages/c'],
        constraints: [],
      },
      'remote-single',
      'medium',
    ],
    [
      'test migration of 50+ files',
      {
        task_id: 'MIG-1',
        instructions: 'Migrate the 80 test files from Jest to Vitest.',
        target_paths: ['test/**'],
        constraints: [],
      },
      'remote-parallel',
      'high',
    ],
    [
      'documentation',
      { task_id: 'DOC-1', instructions: 'Write a guide for operators.', target_paths: ['docs/**'], constraints: [] },
      'remote-single',
      'low',
    ],
    [
      'critical-path feature',
      {
        task_id: 'FEAT-1',
        instructions: 'Add two-factor login to the authentication service.',
        target_paths: ['src/auth/**'],
        constraints: [],
      },
      'local-with-review',
      'low',
    ],
  ];
  test.each(rows)('%s', (_, changes, mode, costClass) => {
    const { advice } = lint(changes);
    expect([advice.mode, advice.costClass]).toEqual([mode, costClass]);
    expect(advice.reason).not.toBe('');
    expect(advice.facts.length).toBeGreaterThan(0);
  });

  test.each<[string, string]>([
    ['Document the public API of src/api in the README and docs/.', 'remote-single low'],
    ['Add a retry option to src/a.ts, src/b.ts and update the docs.', 'remote-single low'],
    ['Fix the typo in README.md.', 'local negligible'],
    ['Fix the comparison in src/auth/compare.ts to be constant time.', 'local negligible'],
    ['Implement payment retries in src/checkout.', 'local-with-review low'],
    ['Rename the field in src/a.ts, src/b.ts, src/c.ts and src/d.ts.', 'remote-single medium'],
    ['Make everything better.', 'local negligible'],
  ])('%s', (instructions, expected) => {
    const { advice } = lint({
      instructions,
      constraints: [],
      target_paths: [],
      success_criteria: [],
      excluded_paths: [],
    });
    expect(`${advice.mode} ${advice.costClass}`).toBe(expected);
  });

  test('the repository is counted where its files are known', () => {
    const files = (count: number) => [...Array.from({ length: count }, (_, i) => `test/a${i}.test.ts`), 'src/a.ts'];
    const spec = specBytes({
      instructions: 'Migrate the tests from Jest to Vitest.',
      target_paths: ['test/**'],
      constraints: [],
    });
    const many = lintSpec('a.yaml', spec, { files: files(60) }).advice;
    expect(many).toMatchObject({ mode: 'remote-parallel', costClass: 'high' });
    expect(many.facts).toContain("60 of the repository's 61 files are in scope");
    expect(lintSpec('a.yaml', spec, { files: files(8) }).advice.mode).toBe('remote-single');
  });

  test('over-orchestration is called out', () => {
    const fix = {
      instructions: 'Fix src/page.ts with three parallel agents.',
      target_paths: ['src/page.ts'],
      constraints: [],
    };
    expect(lint(fix).advice).toMatchObject({ mode: 'local', reason: expect.stringContaining('over-orchestration') });
    const migration = {
      instructions: 'Migrate 80 test files with three parallel agents.',
      target_paths: ['test/**'],
      constraints: [],
    };
    expect(lint(migration).advice.reason).not.toContain('over-orchestration');
  });

  test("the policy's critical paths make a change critical, others do not", () => {
    const { policy } = parsePolicy(
      bytesOf(
        'version: 1\nrepositories: {acme/app: {host: git, url: .}}\nreview: {critical_paths: {"src/money/**": 1}}',
      ),
    );
    const adviseIn = (path: string) =>
      lintSpec('a.yaml', specBytes({ target_paths: [path], constraints: [] }), undefined, policy).advice.mode;
    expect(adviseIn('src/money/round.ts')).toBe('local-with-review');
    expect(adviseIn('src')).toBe('local-with-review');
    expect(adviseIn('src/moneybag.ts')).toBe('local');
  });
});

describe('the report', () => {
  test('what is assumed is said, where the sandbox is', () => {
    const { valid, problems } = lintSpec('a.yaml', bytesOf(`${JSON.stringify({ ...complete, sandbox: undefined })}\n`));
    expect(valid).toBe(true);
    expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([
      'warning assumed-default',
      'warning assumed-default',
    ]);
    expect(problems[0]?.message).toContain('node:24');
  });

  test('fields that are not built are refused by name, at their place', () => {
    const text = new TextDecoder().decode(specBytes()).replace('"sandbox": {', '"depends_on": ["T-0"],\n"sandbox": {');
    const { valid, problems } = lintSpec('a.yaml', bytesOf(text));
    expect(valid).toBe(false);
    const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split('\n').length;
    expect(problems.map(({ rule, line }) => [rule, line])).toEqual([['NotBuiltYet', lineOf('"depends_on"')]]);
  });

  test.each([
    '["Docs"]',
    '"docs"',
    '["docs/read"]',
    '{"docs": []}',
    '{"docs": ["read*"]}',
    '{"drydock": ["ask_human"]}',
  ])('sandbox.mcp %s is refused at its line', (mcp) => {
    const text = new TextDecoder().decode(specBytes()).replace('"sandbox": {', `"sandbox": {\n"mcp": ${mcp},`);
    const { valid, problems } = lintSpec('a.yaml', bytesOf(text));
    expect(valid).toBe(false);
    expect(problems.filter(({ severity }) => severity === 'error').map(({ line }) => line)).toEqual([
      text.slice(0, text.indexOf('"mcp"')).split('\n').length,
    ]);
  });

  test('R34 with a policy, its refusals are problems at their line', () => {
    const { policy } = parsePolicy(bytesOf('version: 1\nrepositories: {}'));
    const report = lintSpec('a.yaml', specBytes(), undefined, policy);
    expect(report.valid).toBe(false);
    expect(report.problems.map(({ rule, line }) => [rule, line])).toEqual([['UnknownRepository', 3]]);
  });

  test('a spec that is refused still says its task and every problem', () => {
    const report = lint({ repository: '../x', bogus: 1 });
    expect(report).toMatchObject({ taskId: 'T-1', valid: false, clarity: 0 });
    expect(report.problems.length).toBeGreaterThanOrEqual(2);
  });
});
