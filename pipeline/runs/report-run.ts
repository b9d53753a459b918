import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { formatUsd } from '../../core/money/format.ts';
import type { CheckReport } from '../../core/ports/host/collaboration.ts';
import { code, escapeMarkdown } from '../../core/publish/escape.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { record as recordEvent } from './record-event.ts';
import { accessRepository, loadTask } from './run-context.ts';

/** Name of the check on the head of a run's pull request. */
const runCheck = 'Drydock';

/**
 * Reports the status of a run as a check on the commit that brought its spec and on its published head. Best effort: a
 * host that does not answer must not fail the run, and the next state reports again.
 * @param ending Changes of the record that are about to be written at the end of the run.
 */
export async function reportRun(deps: Deps, runId: string, ending: Partial<RunRecord> = {}): Promise<void> {
  const stored = await deps.runs.get(runId);
  if (!stored) return;
  const record = { ...stored, ...ending };
  await bestEffort(deps, record, async () => {
    const { host, location } = accessRepository(deps, await loadTask(deps, record), runId);
    if (!host.collaboration) return;
    for (const report of reportsOf(record, deps.runLink(runId))) {
      await host.collaboration.reportCheck(location, report);
    }
  });
}

/** Does work that a run does not depend on; a failure is only recorded as an event. */
export async function bestEffort(deps: Deps, record: RunRecord, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DrydockError)) throw error;
    await recordEvent(deps, record.runId, {
      key: `report#${record.state}#${record.version}`,
      type: 'report-failed',
      text: `${error.name}: ${error.message}`,
    });
  }
}

function reportsOf(record: RunRecord, link: string | undefined): CheckReport[] {
  const common = {
    key: record.runId,
    state: stateOf(record),
    title: titleOf(record),
    summary: summaryOf(record),
    ...defined({ link }),
  };
  return [
    ...(record.origin ? [{ ...common, name: `${runCheck}: ${record.taskId}`, head: record.origin.commit }] : []),
    ...(record.commit === undefined ? [] : [{ ...common, name: runCheck, head: record.commit }]),
  ];
}

function stateOf(record: RunRecord): CheckReport['state'] {
  if (!isFinal(record.status)) return 'pending';
  if (record.status === 'delivered') return 'success';
  if (record.status === 'cancelled' || record.status === 'superseded') return 'cancelled';
  return record.status === 'duplicate' || record.status === 'dry-run' ? 'neutral' : 'failure';
}

function titleOf(record: RunRecord): string {
  if (record.status === 'waiting') return `Waiting for a person: ${record.state}`;
  if (record.status === 'queued') return 'Waiting for a concurrency slot';
  if (record.status === 'running') return record.state;
  return record.error ? `${record.status}: ${record.error.name}` : record.status;
}

function summaryOf(record: RunRecord): string {
  const lines = [
    `Run ${code(record.runId)} of ${code(record.specPath)}, requested by ${escapeMarkdown(record.requester)}.`,
    `Spent so far: ${formatUsd(record.spentMicros)} of ${formatUsd(record.capMicros)}.`,
  ];
  if (record.pullRequest) lines.push(`Pull request: ${record.pullRequest.url}`);
  if (record.status === 'waiting' && record.gate !== undefined) {
    lines.push(
      `Open gate: ${code(record.gate)}. Answer with a comment that begins with ${code('/drydock')}, or in the pages.`,
    );
  }
  if (record.error)
    lines.push(escapeMarkdown(record.error.message.slice(0, 2_000)), escapeMarkdown(record.error.remedy));
  return lines.join('\n\n');
}
