// node scripts/try-repository/index.ts CLONE [FOLDER]: `drydock init` and `drydock run --yes` in a copy of a clone; prints a row of
// docs/repositories.md. Policy, data, the results as JSON and a log stay in FOLDER, a new one in the temporary folder if none is given.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';

const initialised = z.object({ spec: z.string(), toolchain: z.object({ packageManager: z.string().default('none') }) });
const ended = z.object({
  taskId: z.string(),
  status: z.string(),
  durations: z.record(z.string(), z.number()),
  error: z.object({ name: z.string(), message: z.string() }).nullable(),
});
const measured = z.object({ ms: z.number() });
const result = z.object({ commands: z.array(measured), agent: measured.optional() });
const shown = z.object({
  evidence: z.object({ phases: z.record(z.string(), z.object({ result: result.optional() })) }),
});

const [clone, given] = process.argv.slice(2);
if (clone === undefined) throw new Error('usage: node scripts/try-repository/index.ts CLONE [FOLDER]');
const folder = given === undefined ? mkdtempSync(join(tmpdir(), 'try-')) : resolve(given);
const name = basename(resolve(clone));
const copy = join(folder, name);
const policy = ['--policy', join(folder, 'policy.yaml')];
mkdirSync(folder, { recursive: true });
const log = openSync(join(folder, 'log.txt'), 'w');

run('git', ['clone', '--quiet', resolve(clone), copy], folder);
const files = run('git', ['ls-files', '-z'], copy).split('\0').length - 1;
const { spec, toolchain } = initialised.parse(drydock('init', '--no-check', ...policy));
const { taskId, status, durations, error } = ended.parse(drydock('run', spec, '--yes', ...policy));
const { phases } = shown.parse(drydock('show', taskId, '--evidence')).evidence;

const seconds = Math.round((durations.total ?? 0) / 1_000);
const what = error === null ? status : `${error.name}: ${error.message.split('\n', 1).join('').slice(0, 150)}`;
console.log(
  `${folder}\n| ${name} | ${files} | ${toolchain.packageManager} | ${what} | ${seconds} | ${seconds - theirs()} |`,
);

/** Seconds of the commands of the repository and of its package manager, and of the agent. */
function theirs(): number {
  const ran = Object.values(phases).flatMap(({ result }) => [
    ...(result?.commands ?? []),
    ...(result?.agent ? [result.agent] : []),
  ]);
  return Math.round(ran.reduce((total, { ms }) => total + ms, 0) / 1_000);
}

/** The JSON document that a command prints, whatever its exit code. */
function drydock(command: string, ...args: string[]): unknown {
  const program = resolve(import.meta.dirname, '../../bin/drydock.ts');
  const text = run(process.execPath, [program, command, ...args, '--data', join(folder, 'data'), '--json'], copy);
  writeFileSync(join(folder, `${command}.json`), text);
  return JSON.parse(text);
}

function run(program: string, args: string[], cwd: string): string {
  return spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', log] }).stdout;
}
