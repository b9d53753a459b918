// `node scripts/test-report.ts COUNT FILE…`: what a person looks for first in a long run, from reports of Vitest's JSON
// reporter: the tests that failed, each with its message, and the COUNT test files that took longest. It stands at the end
// of the output of CI, of which often only the end is kept.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

interface TestFile {
  name: string;
  startTime: number;
  endTime: number;
  status: string;
  /** Why the file could not be run at all. */
  message: string;
  assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
}

const MESSAGE_LINES = 12;

const [count = '10', ...reports] = process.argv.slice(2);
const files = reports
  .filter((file) => existsSync(file))
  .flatMap((file) => (JSON.parse(readFileSync(file, 'utf8')) as { testResults: TestFile[] }).testResults);

const shown = (message: string) =>
  stripVTControlCharacters(message)
    .split('\n')
    .slice(0, MESSAGE_LINES)
    .map((line) => `      ${line}\n`)
    .join('');

console.log('== failed tests');
for (const file of files.filter(({ status }) => status === 'failed')) {
  console.log(`  ${relative(process.cwd(), file.name)}\n${file.message === '' ? '' : shown(file.message)}`);
  for (const test of file.assertionResults.filter(({ status }) => status === 'failed')) {
    console.log(`    ${test.fullName}\n${test.failureMessages.map(shown).join('')}`);
  }
}

console.log('== slowest test files');
for (const { name, startTime, endTime } of files
  .sort((a, b) => b.endTime - b.startTime - (a.endTime - a.startTime))
  .slice(0, Number(count))) {
  const seconds = ((endTime - startTime) / 1_000).toFixed(1);
  console.log(`${seconds.padStart(8)} s  ${relative(process.cwd(), name)}`);
}
