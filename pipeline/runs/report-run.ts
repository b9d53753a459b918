import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { CheckReport } from '../../core/ports/host/collaboration.ts';
import { type CheckFacts, checkSummary, checkTitle } from '../../core/publish/check.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { checkFacts } from '../publishing/check-facts.ts';
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
    const task = await loadTask(deps, record);
    const context = { record, task, ...accessRepository(deps, task, runId) };
    const { host, location } = context;
    if (!host.collaboration) return;
    const facts = await checkFacts(deps, context);
    for (const report of reportsOf(record, facts, deps.runLink(runId))) {
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

function reportsOf(record: RunRecord, facts: CheckFacts, link: string | undefined): CheckReport[] {
  const common = {
    key: record.runId,
    state: stateOf(record),
    title: checkTitle(facts),
    summary: checkSummary(facts),
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
