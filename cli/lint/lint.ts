import { writeFileSync } from 'node:fs';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { LintReport } from '../../core/task-spec/lint/lint.ts';
import { fixSpec } from '../../core/task-spec/parse.ts';
import { specJsonSchema } from '../../core/task-spec/schema.ts';
import type { Problem } from '../../core/task-spec/text.ts';
import type { CommonOptions } from '../command.ts';
import { loadPolicy } from '../config/load-policy.ts';
import { filesOf, gitRoot } from '../config/repositories.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { type Output, plain, print, withError } from '../terminal/output.ts';
import { installChecks } from './installable.ts';
import { readSpecFile } from './lint-file.ts';
import { lintFiles } from './threads.ts';

/** `drydock lint`: every file, its problems and advice; mends what can be mended with `--fix`. */
export async function lint(
  output: Output,
  options: CommonOptions & { fix?: boolean; schema?: boolean; offline?: boolean },
  files: string[],
): Promise<ExitCode> {
  if (options.schema) {
    output.out(JSON.stringify(specJsonSchema(), null, output.json ? 0 : 2));
    return 0;
  }
  if (files.length === 0) throw new DrydockError('UsageError', 'lint needs at least one file.');
  const explicit = options.policy !== undefined || process.env.DRYDOCK_POLICY;
  const policy = explicit
    ? loadPolicy({ repositories: new Map(), ...defined({ policy: options.policy }) }).policy
    : undefined;
  const root = gitRoot(process.cwd());
  const facts = root === undefined ? {} : { files: filesOf(root) };
  const mended = options.fix ? files.map(mend) : [];
  const linted = await lintFiles(files, { facts, policy });
  if (root !== undefined)
    await addInstallProblems(linted, files, installChecks({ root, policy, offline: options.offline === true }));
  const reports = linted.map((report, i) => ({ file: files[i] ?? '', fixed: mended[i] === true, report }));
  const view = reports.map(({ file, report }) => ({
    file,
    taskId: report.taskId,
    valid: report.valid,
    problems: report.problems,
    clarity: report.clarity,
    advice: {
      mode: report.advice.mode,
      reason: report.advice.reason,
      costClass: report.advice.costClass,
      ...defined({ parts: report.advice.parts }),
    },
  }));
  const error = invalidSpecs(reports);
  print(output, { files: view, ...withError(error) }, () =>
    reports.flatMap(({ file, fixed, report }) => describe(output, file, fixed, report)),
  );
  return error?.exit ?? 0;
}

/** Adds to the reports of valid specs what could not be installed for them. */
async function addInstallProblems(
  reports: LintReport[],
  files: string[],
  check: (file: string) => Promise<Problem[]>,
): Promise<void> {
  for (const [i, report] of reports.entries()) {
    if (!report.valid) continue;
    report.problems.push(...(await check(files[i] ?? '')));
    report.valid = report.problems.every(({ severity }) => severity !== 'error');
  }
}

/** One error with every fault of these specs, each with file and line; undefined if there are no faults. */
export function invalidSpecs(reports: { file: string; report: LintReport }[]): DrydockError | undefined {
  const faults = reports.flatMap(({ file, report }) =>
    report.problems
      .filter(({ severity }) => severity === 'error')
      .map((p) => `${file}:${p.line}:${p.column} ${p.rule}: ${p.message}`),
  );
  return faults.length === 0 ? undefined : new DrydockError('SpecInvalid', faults.join('\n'));
}

function describe(output: Output, file: string, fixed: boolean, report: LintReport): string[] {
  const verdict = report.valid ? output.style('green', 'valid') : output.style('red', 'invalid');
  return [
    `${output.style('bold', file)}  ${report.taskId ?? 'no task id'}  ${verdict}  clarity ${report.clarity}/100${fixed ? '  (fixed)' : ''}`,
    ...report.problems.map(
      (p) =>
        `  ${file}:${p.line}:${p.column}  ${p.severity === 'error' ? output.style('red', p.rule) : output.style('yellow', p.rule)}  ${plain(p.message)}`,
    ),
    ...(report.valid
      ? [
          `  advice  ${report.advice.mode}, ${report.advice.costClass}: ${plain(report.advice.reason)}`,
          ...(report.advice.parts ?? []).map(
            ({ id, files, target_paths }) =>
              `          campaign.parts: ${id}, ${files} files: ${plain(target_paths.slice(0, 3).join(', '))}${target_paths.length > 3 ? ` and ${target_paths.length - 3} more` : ''}`,
          ),
        ]
      : []),
  ];
}

/** True when the file was written anew. */
function mend(file: string): boolean {
  const fixed = fixSpec(file, readSpecFile(file));
  if (fixed) writeFileSync(file, fixed);
  return fixed !== undefined;
}
