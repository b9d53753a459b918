/** By known failures: the base has three tests, of which `flaky one` may fail. */
import { type Attempt, type Forgery, right, wrong } from './forgery.ts';

const start =
  "import { add } from './add.mjs';\nconst adds = add(1, 2) === 3;\nconst say = (line) => console.log(line);\n";
/** The honest tests: TAP with its plan. */
const end =
  "say((adds ? '' : 'not ') + 'ok 1 - adds'); say('not ok 2 - flaky one'); say('ok 3 - more'); say('1..3');\nprocess.exitCode = 1;\n";
const tests = (program: string): Record<string, string> => ({ 'test.mjs': `${start}${program}` });
const known = { base: tests(end), knownFailures: ['flaky one'], baseTests: 3 };

export const byKnownFailures: Forgery[] = [
  {
    how: 'a new failed test beside the known one',
    ...known,
    change: { 'add.mjs': wrong },
    named: /^test .* exited with 1:\nknown_failures do not apply: failing: adds\n/,
  },
  {
    how: 'a new failed test far before the end of the output, and the known one at its end',
    ...known,
    change: {
      'add.mjs': wrong,
      ...tests(
        "say('not ok 1 - adds'); for (let i = 0; i < 1000; i++) say('.'.repeat(80)); say('not ok 2 - flaky one\\nok 3 - more\\n1..3'); process.exitCode = 1;",
      ),
    },
    named: /known_failures do not apply: failing: adds\n/,
  },
  {
    how: 'the tests end after the known failure',
    ...known,
    change: { 'add.mjs': wrong, ...tests("say('not ok 2 - flaky one'); process.exit(1);") },
    named:
      /known_failures do not apply: the output names failed tests as TAP or node:test does, but contains no summary of it/,
  },
  {
    how: 'a plan for the known failure alone',
    ...known,
    change: { 'add.mjs': wrong, ...tests("say('not ok 1 - flaky one\\n1..1'); process.exit(1);") },
    named: /known_failures do not apply: only 1 of the 3 tests of the base were reported/,
  },
  {
    how: 'a reporter that leaves out the names of new failures',
    ...known,
    change: { 'add.mjs': wrong, ...tests("say('not ok 1 - flaky one\\n# tests 3\\n# fail 2'); process.exit(1);") },
    named: /known_failures do not apply: TAP or node:test counts 2 failed tests, but the output names 1/,
  },
  {
    how: 'errors that are of no test',
    ...known,
    change: {
      'add.mjs': wrong,
      ...tests("say('FAILED t.py::flaky - x\\n=== 1 failed, 2 passed, 1 error in 0.1s ==='); process.exit(1);"),
    },
    knownFailures: ['t.py::flaky'],
    named: /known_failures do not apply: the test runner reports 1 errors beside the failed tests/,
  },
  {
    how: 'a second test runner that crashes after the first one',
    ...known,
    change: { 'add.mjs': wrong, ...tests(`adds || say('   × adds 1ms'); ${end.replace('not ', '')}`) },
    knownFailures: ['flaky one', 'adds'],
    named: /known_failures do not apply: the output names failed tests as vitest does, but contains no summary of it/,
  },
  {
    how: 'a crash by a signal after the known failure',
    ...known,
    change: {
      'add.mjs': wrong,
      ...tests("say('ok 1 - adds\\nnot ok 2 - flaky one\\nok 3 - more\\n1..3'); process.kill(process.pid, 'SIGSEGV');"),
    },
    sandbox: { testCommand: 'node test.mjs' },
    named: /known_failures do not apply: the command did not end by itself/,
  },
  {
    how: 'the number of tests of the base is not known',
    base: known.base,
    knownFailures: known.knownFailures,
    change: { 'add.mjs': right },
    named: /known_failures do not apply: the number of tests at the base is not known/,
  },
  {
    how: 'a criterion fails with the known failure',
    ...known,
    change: { 'add.mjs': right },
    criteria: { 'it is green': 'echo "not ok 1 - flaky one"; echo 1..1; exit 1' },
    named: /^success: it is green .* exited with 1/,
  },
];

/** The control. */
export const knownFailure: Attempt & { what: string } = {
  what: 'a change whose tests fail only as they did before, with a test more',
  ...known,
  change: { 'add.mjs': right, ...tests(end.replace("say('1..3')", "say('ok 4 - new'); say('1..4')")) },
};
