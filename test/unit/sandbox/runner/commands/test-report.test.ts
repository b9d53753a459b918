import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notOnlyKnown } from '../../../../../core/run/test-report.ts';
import { TestReader } from '../../../../../sandbox/runner/commands/test-report.ts';

const read = (output: string) => {
  const reader = new TestReader();
  reader.push(Buffer.from(output), 'stdout');
  return reader.report();
};

/** As the runners print them, without what does not matter here. */
const outputs = {
  'node:test': `✔ adds (0.93ms)
▶ suite
  ✖ greets politely (0.58ms)
  ✔ ok (0.08ms)
  ﹣ s (0.94ms) # SKIP
✖ suite (2.03ms)
ℹ tests 4
ℹ suites 1
ℹ pass 2
ℹ fail 1
ℹ cancelled 0
ℹ skipped 1
ℹ todo 0
ℹ duration_ms 187.2

✖ failing tests:

test at a.test.mjs:4:27
✖ greets politely (0.58ms)
  AssertionError [ERR_ASSERTION]: 1 == 2
`,
  'node:test as TAP': `TAP version 13
ok 1 - adds
# Subtest: suite
    not ok 1 - greets politely
      ---
      type: 'test'
      ...
    ok 2 - ok # SKIP
    1..2
not ok 2 - suite
  ---
  type: 'suite'
  ...
1..2
# tests 3
# fail 1
# cancelled 0
`,
  TAP: 'ok 1 - a\nnot ok 2 - b\nnot ok 3 - later # TODO\n1..3\n',
  vitest: ` ❯ a.test.ts (3 tests | 1 failed | 1 skipped) 6ms
   ✓ adds 1ms
     × sums up 4ms

⎯⎯⎯⎯⎯⎯⎯ Failed Tests 1 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  a.test.ts > suite > sums up
 Test Files  1 failed | 3 passed (4)
      Tests  1 failed | 1 passed | 1 skipped (3)
`,
  jest: `FAIL j/a.test.js
  ✓ adds (1 ms)
    ✕ renders (2 ms)
Test Suites: 1 failed, 1 total
Tests:       1 failed, 1 skipped, 1 passed, 3 total
`,
  mocha: `
  1) root fails
  suite
    2) holds
    ✔ ok


  1 passing (3ms)
  1 pending
  2 failing

  1) root fails:
      AssertionError

  2) suite
       holds:
`,
  pytest: `FAILED test_a.py::test_b - assert 1 == 2
===== 1 failed, 2 passed, 1 skipped, 1 xfailed in 0.76s =====
`,
  'go test -v': `=== RUN   TestX
--- FAIL: TestX (0.00s)
=== RUN   TestY
--- PASS: TestY (0.00s)
FAIL
FAIL\texample.com/a\t0.01s
ok  \texample.com/b\t0.01s
`,
};

test.each([
  ['node:test', { total: 4, failed: 1, errors: 0, failing: ['greets politely', 'suite'] }],
  ['node:test as TAP', { total: 3, failed: 1, errors: 0, failing: ['greets politely', 'suite'] }],
  ['TAP', { total: 3, failed: 1, errors: 0, failing: ['b'] }],
  ['vitest', { total: 3, failed: 1, errors: 0, failing: ['sums up'] }],
  ['jest', { total: 3, failed: 1, errors: 0, failing: ['renders'] }],
  ['mocha', { total: 4, failed: 2, errors: 0, failing: ['root fails', 'holds', 'suite'] }],
  ['pytest', { total: 5, failed: 1, errors: 0, failing: ['test_a.py::test_b'] }],
  ['go test -v', { total: 2, failed: 1, errors: 0, failing: ['TestX'] }],
] as const)('sums and names of %s', (runner, report) => {
  expect(read(outputs[runner])).toEqual(report);
});

test.each([
  ['not ok 2 - adds numbers # time=1ms', 'adds numbers'],
  ['    not ok 1 - nested one', 'nested one'],
  ['✖ greets politely (1.234ms)', 'greets politely'],
  ['   × sums up 12ms', 'sums up'],
  ['  ✕ renders (3 ms)', 'renders'],
  ['  1) suite holds:', 'suite holds'],
  ['FAILED tests/test_a.py::test_b - assert 1', 'tests/test_a.py::test_b'],
  ['--- FAIL: TestX (0.00s)', 'TestX'],
  ['\u001b[31m   × sums up\u001b[39m 12ms', 'sums up'],
  ['✗ of another runner', 'of another runner'],
])('%s is a failed test; without sums it is not tolerated', (line, name) => {
  const report = read(`ok 1 - fine\n${line}\n✔ good (1ms)`);
  expect(report?.failing).toEqual([name]);
  expect(notOnlyKnown({ exitCode: 1, timedOut: false, tests: report }, [name], 0)).toMatch(/contains no summary/);
});

describe('known failures do not explain', () => {
  const known = [
    'greets politely',
    'suite',
    'b',
    'sums up',
    'renders',
    'root fails',
    'holds',
    'test_a.py::test_b',
    'TestX',
  ];
  const judge = (output: string, base = 1) =>
    notOnlyKnown({ exitCode: 1, timedOut: false, tests: read(output) }, known, base);
  test.each(Object.entries(outputs))('nothing else: %s', (_runner, output) => {
    expect(judge(output)).toBeUndefined();
  });

  const [node, vitest, jest, mocha, pytest, go] = (
    ['node:test', 'vitest', 'jest', 'mocha', 'pytest', 'go test -v'] as const
  ).map((name) => outputs[name]);
  test.each([
    ['a failed test far before the end', `not ok 1 - new\n${'x\n'.repeat(20_000)}${node}`, /^failing: new$/],
    [
      'a failed test that is only counted',
      node?.replace('fail 1', 'fail 3'),
      /counts 3 failed tests, but the output names 2/,
    ],
    ['a cancelled test', node?.replace('cancelled 0', 'cancelled 1'), /1 errors/],
    ['a file of vitest that does not load', vitest?.replace('Files  1 failed', 'Files  2 failed'), /1 errors/],
    ['a failed group of vitest', `⎯⎯ Failed Suites 1 ⎯⎯\n${vitest}`, /1 errors/],
    ['an unhandled error of vitest', `${vitest}     Errors  1 error\n`, /1 errors/],
    ['a file of jest that does not load', `  ● Test suite failed to run\n${jest}`, /1 errors/],
    [
      'a failed test of jest that it does not name',
      jest?.replace('1 failed, 1 skipped', '2 failed, 1 skipped'),
      /counts 2 failed tests/,
    ],
    ['a failed hook of mocha', mocha?.replace('2 failing', '3 failing'), /1 errors|counts 3/],
    ['a broken fixture of pytest', pytest?.replace(' in 0.76s', ', 1 error in 0.76s'), /1 errors/],
    ['files of pytest that it cannot collect', '=== 2 errors in 0.79s ===\n', /names no failed test/],
    ['a package of go that does not build', `${go}FAIL\texample.com/c [build failed]\n`, /1 errors/],
    ['a panic', `${go}panic: x\n`, /1 errors/],
    ['go without -v, which counts no tests', go?.replaceAll('=== RUN', ''), /contains no summary/],
    ['another runner that dies after it', `${node}\n   × sums up 12ms\n`, /contains no summary of it/],
    ['a plan of TAP whose tests did not all run', 'not ok 1 - b\n1..3\n', /2 errors/],
    ['TAP that gives up', `${outputs.TAP}Bail out!\n`, /1 errors/],
    [
      'more failed tests than anybody knows',
      Array.from({ length: 101 }, (_, i) => `not ok ${i} - b${i}\n`).join(''),
      /^failing: b0/,
    ],
    ['nothing to read', 'Segmentation fault\n', /no summary of a test runner that Drydock understands/],
  ])('%s', (_what, output, why) => {
    expect(judge(output ?? '')).toMatch(why);
  });

  test('fewer tests than the base has, or an unknown number; a signal; the time limit', () => {
    expect(judge(outputs.TAP, 4)).toBe('only 3 of the 4 tests of the base were reported');
    const tests = read(outputs.TAP);
    const command = { exitCode: 1, timedOut: false, tests };
    expect(notOnlyKnown(command, known, undefined)).toBe('the number of tests at the base is not known');
    for (const ended of [{ exitCode: null }, { exitCode: 137 }, { timedOut: true }])
      expect(notOnlyKnown({ ...command, ...ended }, known, 1)).toBe('the command did not end by itself');
    expect(notOnlyKnown(command, [], 1)).toBe('there are no known failures');
  });
});

test('a report is the same, however the output arrives, and each stream has its own lines', () => {
  const bytes = Buffer.from(outputs['node:test'] + outputs.vitest);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 200 }), (sizes) => {
      const reader = new TestReader();
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        reader.push(bytes.subarray(at, at + size), 'stdout');
        reader.push(Buffer.from('not o'), 'stderr');
        at += size;
      }
      expect(reader.report()).toEqual(read(bytes.toString()));
    }),
    { numRuns: 50 },
  );
});

test('a line without an end takes no memory', () => {
  const reader = new TestReader();
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 500; i += 1) reader.push(chunk, 'stdout');
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  expect(reader.report()).toBeUndefined();
});
