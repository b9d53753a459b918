// `node scripts/slowest.ts COUNT FILE…`: the test files that took longest, from reports of Vitest's JSON reporter.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Report {
  testResults: { name: string; startTime: number; endTime: number }[];
}

const [count = '10', ...files] = process.argv.slice(2);
const took = files
  .filter((file) => existsSync(file))
  .flatMap((file) => (JSON.parse(readFileSync(file, 'utf8')) as Report).testResults)
  .map(({ name, startTime, endTime }) => ({
    name: relative(process.cwd(), name),
    seconds: (endTime - startTime) / 1_000,
  }))
  .sort((a, b) => b.seconds - a.seconds)
  .slice(0, Number(count));
for (const { name, seconds } of took) console.log(`${seconds.toFixed(1).padStart(8)} s  ${name}`);
