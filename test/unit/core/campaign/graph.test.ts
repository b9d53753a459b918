import { describe, expect, test } from 'vitest';
import { graphFaults, sharedPaths } from '../../../../core/campaign/graph.ts';
import { proposeParts } from '../../../../core/campaign/propose.ts';

const part = (id: string, target_paths: string[], depends_on: string[] = []) => ({ id, target_paths, depends_on });
const faultsOf = (...parts: ReturnType<typeof part>[]): string[] =>
  graphFaults(parts).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('R4 R35 what a campaign may not be', () => {
  test.each<[string, ReturnType<typeof part>[], string[]]>([
    ['two of one name', [part('a', ['x']), part('a', ['y'])], ['1.id: Two parts have the name "a".']],
    ['an unknown part', [part('a', ['x']), part('b', ['y'], ['z'])], ['1.depends_on.0: There is no part "z".']],
    ['itself', [part('a', ['x'], ['a']), part('b', ['y'])], ['0.depends_on.0: "a" depends on itself.']],
    [
      'a circle',
      [part('a', ['x'], ['b']), part('b', ['y'], ['a']), part('c', ['z'])],
      ['0.depends_on: These parts depend on each other: a, b.'],
    ],
    [
      'a single file',
      [part('a', ['src/a.ts']), part('b', ['src/a.ts'])],
      [
        '0.target_paths: All parts change the single file src/a.ts. One agent does it better alone: leave the parts out.',
      ],
    ],
    [
      'a chain',
      [part('a', ['x']), part('b', ['y'], ['a']), part('c', ['z'], ['b'])],
      [
        '0.depends_on: Each part waits for the one before, so nothing runs in parallel. One agent does it better alone: leave the parts out.',
      ],
    ],
    [
      'the same paths at the same time',
      [part('a', ['src/**', 'test/**']), part('b', ['src/money/**']), part('c', ['docs/**'])],
      [
        '1.target_paths: "b" changes the same paths as "a" at the same time. Give it paths of its own, make it depend on "a", or join the two.',
      ],
    ],
  ])('%s', (_, parts, faults) => expect(faultsOf(...parts)).toEqual(faults));

  test.each([
    ['paths of their own', [part('a', ['src/a/**']), part('b', ['src/b/**'])]],
    [
      'the same paths one after the other, beside another part',
      [part('a', ['src/**']), part('b', ['src/**'], ['a']), part('c', ['docs/**'])],
    ],
    ['globs of one folder that differ', [part('a', ['src/*.ts']), part('b', ['src/*.css'])]],
    ['one shared file beside their own', [part('a', ['src/a/**', 'index.ts']), part('b', ['src/b/**', 'index.ts'])]],
  ])('%s are fine', (_, parts) => expect(faultsOf(...parts)).toEqual([]));

  test('a shared file of parts that run at the same time is named', () => {
    expect(
      sharedPaths([
        part('a', ['src/a/**', 'index.ts']),
        part('b', ['src/b/**', 'index.ts']),
        part('c', ['index.ts'], ['a', 'b']),
      ]),
    ).toEqual([{ a: 'a', b: 'b', path: 'index.ts' }]);
  });
});

describe('R4 parts that lint proposes', () => {
  const files = (folder: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${folder}/${String(i).padStart(2, '0')}.test.js`);

  test('whole folders, evenly', () => {
    const scope = [...files('test/a', 20), ...files('test/b', 20), ...files('test/c', 19)];
    const parts = proposeParts(scope, [...scope, 'src/x.js']);
    expect(parts.reduce((sum, each) => sum + each.files, 0)).toBe(59);
    expect(
      Math.max(...parts.map((each) => each.files)) - Math.min(...parts.map((each) => each.files)),
    ).toBeLessThanOrEqual(1);
  });

  test('a folder with other files is not named as a whole', () => {
    const scope = [...files('test/a', 8), ...files('test/b', 8)];
    const parts = proposeParts(scope, [...scope, 'test/b/helper.js']);
    expect(parts.map(({ target_paths }) => target_paths)).toEqual([['test/a/**'], files('test/b', 8)]);
  });

  test('no two parts name the same file, and none is lost', () => {
    const scope = [...files('a', 30), ...files('a/b', 31), ...files('c/d/e', 7)];
    const named = proposeParts(scope, scope).flatMap(({ target_paths }) => target_paths);
    expect(new Set(named).size).toBe(named.length);
    for (const file of scope)
      expect(
        named.filter(
          (path) => path === file || (file.startsWith(path.replace(/\*\*$/, '')) === true && path.endsWith('/**')),
        ),
      ).toHaveLength(1);
  });

  test('few files are no campaign', () => expect(proposeParts(files('a', 15), files('a', 15))).toEqual([]));
});
