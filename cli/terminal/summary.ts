import { formatUsd, microsOf } from '../../core/money/format.ts';
import type { Refusal } from '../../core/run/phase.ts';
import { exitCodeOf, isFinal } from '../../core/run/status.ts';
import type { RunView } from '../../pipeline/service/service.ts';
import type { ExitCode } from './exit-code.ts';
import { type Output, plain } from './output.ts';

/** `drydock egress` shows all refusals. */
const maxRefusals = 5;

/**
 * Summary of a run for a terminal: status, error, branch, refusals, cost and the next command.
 * @param file The spec as the person typed it, where that is known.
 */
export function summary(run: RunView, output: Output, file?: string): string[] {
  const good = run.status === 'delivered' || run.status === 'dry-run';
  const lines = [
    `${output.style(good ? ['green', 'bold'] : ['yellow', 'bold'], run.status)}  ${run.taskId}  ${run.runId.slice(0, 10)}`,
  ];
  if (run.error) lines.push(`  ${run.error.name}: ${plain(run.error.message)}`, `  remedy: ${plain(run.error.remedy)}`);
  if (run.commit !== null) lines.push(`  branch  ${run.branch}`, `  commit  ${run.commit}`);
  if (run.pullRequest) lines.push(`  pull request  ${run.pullRequest.url}`);
  for (const part of run.parts ?? []) lines.push(partLine(part, output));
  lines.push(...refusedLines(run.refusals, `drydock egress ${run.taskId}`));
  const { tokens, usd } = run.cost;
  lines.push(`  cost    ${formatUsd(microsOf(usd))}, ${tokens.input} tokens in, ${tokens.output} out`);
  const next = nextCommand(run, file);
  if (next !== '') lines.push(`  next    ${next}`);
  return lines;
}

export const partLine = (part: NonNullable<RunView['parts']>[number], output: Output): string =>
  `  part    ${part.id}  ${output.style(part.status === 'waiting' || part.status === 'failed' ? 'yellow' : 'dim', part.status)}  ${plain(part.title)}  ${formatUsd(microsOf(part.usd.spent))}${part.gate === null ? '' : `  drydock show ${part.taskId}`}`;

/** What was refused, and why; the command lists the rest. */
export function refusedLines(refusals: readonly Refusal[], command: string): string[] {
  const lines = refusals.map(
    ({ target, reason, allow }) =>
      `  refused ${plain(target)}: ${plain(reason)}${allow === '' ? '' : `  (allowed by ${plain(allow)})`}`,
  );
  const distinct = [...new Set(lines)];
  return [
    ...distinct.slice(0, maxRefusals),
    ...(distinct.length > maxRefusals ? [`  refused ${distinct.length - maxRefusals} more: ${command}`] : []),
  ];
}

/** The command that a person types next; empty if there is none. */
export function nextCommand(run: RunView, file = 'FILE'): string {
  switch (run.status) {
    case 'delivered':
      // A part of a campaign, and an answer that changes nothing, have no commit of their own.
      if (run.commit === null) return run.parent ? `drydock show ${run.taskId.split('/')[0]}` : '';
      return `git diff ${run.base?.slice(0, 12)}..${run.branch}`;
    case 'waiting':
      return run.gate?.includes('.question.')
        ? `drydock answer ${run.taskId} TEXT`
        : `drydock approve ${run.taskId} [--as WHO]`;
    case 'queued':
      return `drydock status ${run.taskId}`;
    case 'dry-run':
      return `drydock run ${file}`;
    default:
      return run.commit === null ? `drydock events ${run.taskId}` : `drydock show ${run.taskId} --evidence`;
  }
}

/** The result of the command `run`. */
export type Outcome = RunView & {
  /** For a `duplicate`: status of the existing run. */
  runStatus?: RunView['status'];
};

/** The result for a spec that was submitted again: the existing run, as a duplicate. */
export const asDuplicate = (run: RunView): Outcome => ({ ...run, status: 'duplicate', runStatus: run.status });

/**
 * Exit code of a command that ends with this run; `errorKinds` defines the codes of errors. An existing run that ended
 * gives the same code as at its end; an existing run that is still active is not an error.
 */
export function exitOf({ status, runStatus, error }: Pick<Outcome, 'status' | 'runStatus' | 'error'>): ExitCode {
  const ended = status === 'duplicate' && runStatus !== undefined && isFinal(runStatus) ? runStatus : status;
  return exitCodeOf(ended, error);
}

/** Prints why a new attempt was started. */
export function sayAttempt(output: Output, { attempt, because }: { attempt: number; because?: string }): void {
  if (because !== undefined) output.err(`Attempt ${attempt}, because attempt ${attempt - 1} ${because}.`);
}

/** Lines for a spec that was submitted again. */
export function duplicateLines(run: Outcome, output: Output): string[] {
  const again = `drydock retry ${run.taskId}`;
  if (run.runStatus === undefined || !isFinal(run.runStatus) || exitOf(run) === 0) {
    return [
      `${run.taskId} was already submitted (${run.runId}).`,
      `Next: drydock status ${run.taskId}, or start another attempt: ${again}`,
    ];
  }
  return [
    `${run.taskId} has already run and ended as ${run.runStatus}. No run was started. To start another attempt: ${again}`,
    ...summary({ ...run, status: run.runStatus }, output),
  ];
}
