import { formatUsd, microsOf } from '../../core/money/format.ts';
import { exitCodeOf, isFinal } from '../../core/run/status.ts';
import type { RunView } from '../../pipeline/service/service.ts';
import type { ExitCode } from './exit-code.ts';
import { type Output, plain } from './output.ts';

/** More of them are shown by `drydock egress`. */
const maxRefusals = 5;

/** How a run ends on a terminal: what came of it, where, for how much, and what to type next. */
export function summary(run: RunView, output: Output): string[] {
  const good = run.status === 'delivered' || run.status === 'dry-run';
  const lines = [
    `${output.style(good ? ['green', 'bold'] : ['yellow', 'bold'], run.status)}  ${run.taskId}  ${run.runId.slice(0, 10)}`,
  ];
  if (run.error) lines.push(`  ${run.error.name}: ${plain(run.error.message)}`, `  remedy: ${run.error.remedy}`);
  if (run.commit !== null) lines.push(`  branch  ${run.branch}`, `  commit  ${run.commit}`);
  if (run.pullRequest) lines.push(`  pull request  ${run.pullRequest.url}`);
  for (const refusal of run.refusals.slice(0, maxRefusals)) {
    lines.push(
      `  refused ${plain(refusal.target)}${refusal.allow === '' ? '' : `  (allowed by ${plain(refusal.allow)})`}`,
    );
  }
  if (run.refusals.length > maxRefusals)
    lines.push(`  refused ${run.refusals.length - maxRefusals} more: drydock egress ${run.taskId}`);
  const { tokens, usd } = run.cost;
  lines.push(`  cost    ${formatUsd(microsOf(usd))}, ${tokens.input} tokens in, ${tokens.output} out`);
  const next = nextCommand(run);
  if (next !== '') lines.push(`  next    ${next}`);
  return lines;
}

function nextCommand(run: RunView): string {
  switch (run.status) {
    case 'delivered':
      return `git diff ${run.base?.slice(0, 12)}..${run.branch}`;
    case 'waiting':
      return run.gate?.includes('.question.')
        ? `drydock answer ${run.taskId} TEXT`
        : `drydock approve ${run.taskId} --as WHO`;
    case 'queued':
      return `drydock status ${run.taskId}`;
    case 'dry-run':
      return 'drydock run FILE';
    default:
      return run.commit === null ? `drydock events ${run.taskId}` : `drydock show ${run.taskId} --evidence`;
  }
}

/** A run as `run` ends with it. */
export type Outcome = RunView & {
  /** Of a `duplicate`: where the run stands that there is. */
  runStatus?: RunView['status'];
};

/** A run that was there when its spec was given again. */
export const asDuplicate = (run: RunView): Outcome => ({ ...run, status: 'duplicate', runStatus: run.status });

/**
 * Exit code of a command that ends with this run; what it means for an error is said by `errorKinds`. A run that is there
 * already and ended gives the code that it gave at its end; one that somebody else runs is no fault.
 */
export function exitOf({ status, runStatus, error }: Pick<Outcome, 'status' | 'runStatus' | 'error'>): ExitCode {
  const ended = status === 'duplicate' && runStatus !== undefined && isFinal(runStatus) ? runStatus : status;
  return exitCodeOf(ended, error);
}

/** Says that this is another attempt than the one that ended. */
export function sayAttempt(output: Output, { attempt, because }: { attempt: number; because?: string }): void {
  if (because !== undefined) output.err(`Attempt ${attempt}, because attempt ${attempt - 1} ${because}.`);
}

/** What is said of a spec that ran already. */
export function duplicateLines(run: Outcome, output: Output): string[] {
  const again = `drydock retry ${run.taskId}`;
  if (run.runStatus === undefined || !isFinal(run.runStatus) || exitOf(run) === 0) {
    return [
      `${run.taskId} ran already (${run.runId}).`,
      `Next: drydock status ${run.taskId}, or run it once more: ${again}`,
    ];
  }
  return [
    `${run.taskId} ran already, and ended as ${run.runStatus}. Nothing was done now. To run it once more: ${again}`,
    ...summary({ ...run, status: run.runStatus }, output),
  ];
}
