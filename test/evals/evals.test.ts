/**
 * The tasks of `npm run eval` through the whole pipeline, with a small agent (evals/agent) and a model that plays the session of each task by what
 * its prompt says. A prompt that no longer says it is found here.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { EvalReport } from '../../scripts/eval/report.ts';

const program = path.join(import.meta.dirname, '../../scripts/eval/index.ts');

test('every task is solved: its run ends as it has to, its hidden check passes, and nothing happens that must not', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--recorded', '--json'], {
    maxBuffer: 2 ** 26,
  }).catch((error: { stdout: string }) => error);
  const { results } = JSON.parse(stdout) as EvalReport;
  expect(results.filter(({ solved }) => !solved)).toEqual([]);
  expect(results).toHaveLength(12);
  expect(new Set(results.map(({ kind }) => kind)).size).toBe(6);
  // A contradiction is asked about, and nothing is delivered; one task needs what verification says.
  expect(results.filter(({ delivered }) => !delivered).map(({ task }) => task)).toEqual(['trap-contradiction']);
  expect(results.every(({ verified, delivered }) => verified === delivered)).toBe(true);
  expect(results.filter(({ reworkRounds }) => reworkRounds > 0).map(({ task }) => task)).toEqual(['bug-csv']);
  expect(results.every(({ usd }) => usd > 0)).toBe(true);
});

test.each([
  [[] as string[], '--recorded'],
  [['--recodred'], '--recodred'],
  [['--recorded', 'nosuch'], 'nosuch'],
  [['--recorded', '--repeat', '0'], '--repeat'],
  [['--recorded', '--compare', 'nosuch.json'], 'nosuch.json'],
  [['--policy', 'nosuch.yaml', '--agent', 'x'], 'nosuch.yaml'],
])('%j is refused in a line that names it, before anything runs', async (args, named) => {
  const said = await promisify(execFile)(process.execPath, [program, ...args]).catch((error: object) => error);
  expect(said).toMatchObject({ code: 2, stderr: expect.stringMatching(/^UsageError: .*\nremedy: .*\n$/) });
  expect(said).toMatchObject({ stderr: expect.stringContaining(named) });
});
