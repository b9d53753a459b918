// The agent of the demo where no agent with a model is installed: any program may be one. It stands in the repository,
// has the task on standard input, and what it changes is collected when it ends.
import { readFileSync, writeFileSync } from 'node:fs';

const source = 'src/round.js';
const before = 'return Math.round(value);';
const after = `const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;`;
const text = readFileSync(source, 'utf8');
if (!text.includes(before)) throw new Error(`${source} does not hold what this program knows how to change`);
writeFileSync(source, text.replace(before, after));

const tests = 'test/round.test.js';
const halves = [
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [-2.5, -2],
];
const lines = halves.map(([value, rounded]) => `  assert.equal(roundHalfEven(${value}), ${rounded});`);
writeFileSync(
  tests,
  `${readFileSync(tests, 'utf8')}\ntest('halves go to the even neighbour', () => {\n${lines.join('\n')}\n});\n`,
);
console.log(`Changed ${source} and ${tests}`);
