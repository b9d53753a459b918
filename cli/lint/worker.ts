/** A thread that lints: it is sent lists of files, and answers each with the results in the same order. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorView, viewError } from '../../core/errors.ts';
import type { LintReport } from '../../core/task-spec/lint/lint.ts';
import { type LintContext, lintFile } from './lint-file.ts';

/** Result for one file: its report, or the error that `lintFile` threw. */
export type Linted = { report: LintReport } | { error: ErrorView };

const context = workerData as LintContext;
// The YAML parser reads a variable for each token; from the environment itself that is a fifth of the time.
process.env = { ...process.env };

parentPort?.on('message', (files: string[]) => {
  parentPort?.postMessage(
    files.map((file): Linted => {
      try {
        return { report: lintFile(file, context) };
      } catch (error) {
        return { error: viewError(error) };
      }
    }),
  );
});
