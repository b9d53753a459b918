import { defined } from '../../core/defined.ts';
import { type Notice, noticeOf } from '../../core/notification/notice.ts';
import type { Gate, GateDecision } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { finalStatuses, type RunStatus } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { runDetail } from '../view/run-detail.ts';
import { mayDecide } from '../view/run-item.ts';
import { changeFacts, runFact, runPage, testFacts } from './run-facts.ts';

/** Ends that nobody needs to be told about: a person did it who knows, or it is not an end of work. */
const untold: readonly RunStatus[] = ['delivered', 'superseded', 'duplicate', 'dry-run'];

/**
 * What the requester is told about a run that ended without a delivery, and the people who let its gate expire. Undefined
 * if they did it themselves.
 */
export async function endNotice(deps: Deps, record: RunRecord): Promise<Notice | undefined> {
  const { status, error } = record;
  const final = finalStatuses.find((each) => each === status);
  // A campaign tells about its parts; lessons are learned without anybody who asked.
  if (final === undefined || untold.includes(status) || record.parent || record.kind === 'learn' || record.dryRun)
    return undefined;
  const gates = await deps.gates.byRun(record.runId);
  const rejection = error?.name === 'Rejected' ? rejectionOf(gates) : undefined;
  const by = rejection?.by ?? (record.stop ? [record.stop.by] : []);
  if (by.length > 0 && by.every((person) => person === record.requester)) return undefined;
  const detail = await runDetail(deps, record);
  const expired = error?.name === 'GateExpired' ? expiredFor(gates) : [];
  const link = runPage(deps, record.runId);
  return noticeOf({
    key: `ended#${record.runId}`,
    kind: 'ended',
    to: [...new Set([record.requester, ...expired])],
    at: new Date(deps.clock.now()).toISOString(),
    run: runFact(deps, detail),
    facts: {
      end: {
        status: final,
        error: error?.name ?? '',
        message: rejection?.text ?? record.stop?.reason ?? error?.message ?? status,
        remedy: error?.remedy ?? '',
        by,
      },
      ...(await changeFacts(deps, record, detail)),
      ...testFacts(detail),
    },
    ...defined({ link }),
  });
}

/** What the requester is told about a pull request that is ready. */
export async function deliveredNotice(deps: Deps, record: RunRecord): Promise<Notice> {
  const { commit = '', pullRequest } = record;
  const url = pullRequest?.url ?? '';
  const detail = await runDetail(deps, record);
  const gates = await deps.gates.byRun(record.runId);
  const review = gates.findLast(({ kind, decision }) => kind === 'review' && decision?.outcome === 'approved');
  const link = runPage(deps, record.runId) ?? (/^https?:/.test(url) ? url : undefined);
  return noticeOf({
    key: `delivered#${record.runId}`,
    kind: 'delivered',
    to: [record.requester],
    at: new Date(deps.clock.now()).toISOString(),
    run: runFact(deps, detail),
    facts: {
      delivered: {
        branch: record.branch,
        commit,
        approvers: review?.approvals ?? [],
        ...(/^https?:/.test(url) ? { url } : {}),
      },
      ...(await changeFacts(deps, record, detail)),
      ...testFacts(detail),
    },
    ...defined({ link }),
  });
}

const rejectionOf = (gates: readonly Gate[]): GateDecision | undefined =>
  gates.findLast(({ decision }) => decision?.outcome === 'rejected')?.decision;

/** The people who could have decided on the gate that expired last. */
const expiredFor = (gates: readonly Gate[]): string[] => {
  const expired = gates.findLast(({ decision }) => decision?.outcome === 'expired');
  return expired ? mayDecide(expired) : [];
};
