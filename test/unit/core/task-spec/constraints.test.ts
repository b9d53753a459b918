import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, test } from 'vitest';
import { type CompiledConstraints, compileConstraints } from '../../../../core/task-spec/constraints.ts';
import { parseSpec } from '../../../../core/task-spec/parse.ts';
import { specBytes } from './specs.ts';

function compile(changes: Record<string, unknown>): CompiledConstraints {
  const { spec, problems } = parseSpec('a.yaml', specBytes({ target_paths: [], excluded_paths: [], ...changes }));
  if (!spec) throw new Error(JSON.stringify(problems));
  return compileConstraints(spec);
}
const allows = (globs: string[], path: string) => picomatch.isMatch(path, globs, { dot: true });

describe('R45 constraints that name paths are enforced by the guard', () => {
  test.each<[string, string[]]>([
    ['Only src/a.ts', ['src/a.ts']],
    ['Change only `src/a.ts` and docs/', ['src/a.ts', 'docs/**']],
    ['Only touch package.json, and nothing else.', ['package.json']],
    [
      'Touch only packages/orders, packages/stock and packages/invoices',
      ['packages/orders/**', 'packages/stock/**', 'packages/invoices/**'],
    ],
    ['Please modify only the files src/a.ts or src/b/**', ['src/a.ts', 'src/b/**']],
    ['only .github/workflows', ['.github/workflows/**']],
  ])('%s → target paths', (text, expected) => {
    const { targetPaths, excludedPaths, constraints } = compile({ constraints: [text] });
    expect(targetPaths).toEqual(expected);
    expect(excludedPaths).toEqual([]);
    expect(constraints.map((constraint) => constraint.enforcedBy)).toEqual(['guard']);
  });

  test.each<[string, string[]]>([
    ['Do not modify src/ledger', ['src/ledger/**']],
    ["Don't touch src/a.ts, src/b.ts or Makefile", ['src/a.ts', 'src/b.ts', 'Makefile/**']],
    ['Never change the folder src/ledger/.', ['src/ledger/**']],
  ])('%s → excluded paths', (text, expected) => {
    const { targetPaths, excludedPaths } = compile({ constraints: [text] });
    expect(targetPaths).toEqual([]);
    expect(excludedPaths).toEqual(expected);
  });

  test('`and its tests` adds the tests beside it and in the trees of tests, and nothing else', () => {
    const { targetPaths } = compile({ constraints: ['Change only src/money/round.ts and its tests'] });
    const yes = [
      'src/money/round.ts',
      'src/money/round.test.ts',
      'test/money/round.test.ts',
      'src/money/__tests__/round.ts',
      'tests/round_test.ts',
    ];
    const no = ['src/money/other.ts', 'test/money/other.test.ts', 'src/money/rounding.test.ts', 'package.json'];
    expect(yes.filter((path) => !allows(targetPaths, path))).toEqual([]);
    expect(no.filter((path) => allows(targetPaths, path))).toEqual([]);
  });

  test('the tests of a file in a package are looked for in the package', () => {
    const { targetPaths } = compile({ constraints: ['Only packages/a/src/x.py and its tests'] });
    expect(allows(targetPaths, 'packages/a/tests/test_x.py')).toBe(true);
    expect(allows(targetPaths, 'tests/test_x.py')).toBe(false);
  });

  test('a folder means what is in it, and a file without an extension itself', () => {
    const { targetPaths } = compile({
      target_paths: ['packages/a', 'Dockerfile', 'docs/', 'src/*.ts'],
      constraints: [],
    });
    expect(
      ['packages/a/x/y.ts', 'Dockerfile', 'docs/a.md', 'src/a.ts'].every((path) => allows(targetPaths, path)),
    ).toBe(true);
    expect(['packages/ab/x.ts', 'Dockerfile2', 'src/a/b.ts'].some((path) => allows(targetPaths, path))).toBe(false);
  });
});

describe('R45 the others say who enforces them', () => {
  test.each<[string, string]>([
    ['npm test has to pass', 'test'],
    ['`npm run lint` stays clean', 'test'],
    ['Do not modify production source files', 'advisory'],
    ['Only change what is needed', 'advisory'],
    ['Only src/a.ts unless the types force more', 'advisory'],
    ['Only ../other/a.ts', 'advisory'],
    ['Keep the public API', 'advisory'],
  ])('%s: %s', (text, enforcedBy) => {
    const compiled = compile({ constraints: [text], success_criteria: [{ says: 'lint', run: 'npm run lint' }] });
    expect(compiled.constraints.map((constraint) => constraint.enforcedBy)).toEqual([enforcedBy]);
    expect([...compiled.targetPaths, ...compiled.excludedPaths]).toEqual([]);
  });

  test('property: each constraint is listed once, in order, and prose never becomes a path', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^(Only|Do not modify|Keep) [a-z]{2,9}( [a-z]{2,9}){1,3}$/), { maxLength: 6 }),
        (texts) => {
          const compiled = compile({ constraints: texts });
          expect(compiled.constraints.map((constraint) => constraint.text)).toEqual(texts);
          expect([...compiled.targetPaths, ...compiled.excludedPaths]).toEqual([]);
        },
      ),
    );
  });
});
