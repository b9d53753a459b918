// npm run eval -- [TASK…] [--agent NAME] [--model NAME] [--provider NAME] [--policy FILE] [--data DIR] [--recorded] [--repeat N]
//   [--jobs N] [--json] [--compare FILE]: runs the tasks of evals/tasks through the pipeline and says which were really solved.
// Ends with 1 if something is worse than in the report that is compared, or, without one, if a task of a recorded run is not solved.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dataFolder } from '../../cli/local/data-folder.ts';
import { promptVersion } from '../../core/prompt/build.ts';
import { policyFor } from './profile.ts';
import { compare, type EvalReport, earlierReport, table } from './report.ts';
import { type EvalResult, runTask } from './run-task.ts';
import { type EvalTask, loadTasks } from './tasks.ts';

/** What was typed is wrong: a line for people, without a stack. */
function refuse(error: unknown): never {
  console.error(`UsageError: ${error instanceof Error ? error.message : String(error)}`);
  console.error('remedy: docs/evals.md has the options, evals/tasks the names of the tasks.');
  process.exit(2);
}
function orRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return refuse(error);
  }
}

const { values, positionals } = orRefuse(() =>
  parseArgs({
    allowPositionals: true,
    options: {
      agent: { type: 'string' },
      model: { type: 'string' },
      provider: { type: 'string' },
      policy: { type: 'string' },
      data: { type: 'string' },
      compare: { type: 'string' },
      recorded: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      repeat: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
    },
  }),
);
const { compare: earlier } = values;
const before =
  earlier === undefined ? undefined : orRefuse(() => earlierReport.parse(JSON.parse(readFileSync(earlier, 'utf8'))));
const count = (name: 'repeat' | 'jobs'): number => {
  const value = Number(values[name]);
  return Number.isInteger(value) && value > 0 ? value : refuse(`--${name} takes a whole number from 1.`);
};

const queue: EvalTask[] = loadTasks(positionals).flatMap((task) => Array<EvalTask>(count('repeat')).fill(task));
if (queue.length === 0) refuse(`No task has a name with ${positionals.join(' or ')}.`);
const results: EvalResult[] = [];
const work = async (): Promise<void> => {
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
    const given = await policyFor(task, { ...values, data: dataFolder(values.data) }).catch(refuse);
    const result = await runTask(task, given).finally(given.close);
    results.push(result);
    process.stderr.write(`${result.solved ? 'solved' : 'not solved'}  ${task.name}\n`);
  }
};
await Promise.all(Array.from({ length: count('jobs') }, work));
results.sort((a, b) => a.task.localeCompare(b.task));

const agent = `${values.agent ?? 'the small agent'}, ${values.recorded ? 'a recorded model' : (values.model ?? values.policy)}`;
const report: EvalReport = { promptVersion, agent, results };
console.log(values.json ? JSON.stringify(report, null, 2) : table(report));
if (before !== undefined) {
  const { worse, better } = compare(before, report);
  for (const line of better) console.error(`better  ${line}`);
  for (const line of worse) console.error(`worse   ${line}`);
  if (worse.length > 0) process.exitCode = 1;
} else if (values.recorded && results.some(({ solved }) => !solved)) process.exitCode = 1;
