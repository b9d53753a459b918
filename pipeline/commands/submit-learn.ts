import { askRequest } from '../../core/ask/request.ts';
import { findingLine } from '../../core/ask/review.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError, isRefusal } from '../../core/errors.ts';
import { microsOf } from '../../core/money/format.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Gate } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { runbookFolder } from '../../core/runbook/record.ts';
import { withoutKnownSecrets } from '../../core/secrets/known-secrets.ts';
import { reviewFactsOf } from '../asks/review.ts';
import type { Deps } from '../deps.ts';
import { getText } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { submitAsk } from './submit-ask.ts';

/** Runs that are looked at for what learning cost today. */
const lookedAt = 200;
const dayMs = 24 * 3_600_000;
const maxText = 20_000;

/**
 * After a run that people or reviewers corrected: starts the run that proposes lessons, once for each run, if the policy
 * says so. What cannot be started is recorded with the run that ended, and changes nothing of it.
 * @param edited What a person changed of the pull request before the merge.
 */
export async function learnFrom(deps: Deps, record: RunRecord, policy: Policy, edited = ''): Promise<void> {
  const { knowledge } = policy;
  if (!knowledge.learn || record.kind !== undefined || record.parent !== undefined || record.dryRun) return;
  const outside = await lessonsIn(deps, record, edited);
  if (outside.length === 0) return;
  const { runbook } = record;
  const request = askRequest.parse({
    kind: 'learn',
    repository: record.repository,
    target_branch: record.targetBranch,
    text: [
      `Lessons of ${record.taskId}: ${record.title}`,
      `What has to be known after run ${record.runId}?`,
      ...(runbook === undefined
        ? []
        : [`It was made from version ${runbook.version} of the runbook ${runbookFolder}${runbook.name}.md.`]),
    ]
      .join('\n\n')
      .slice(0, 20_000),
    outside,
    ...(runbook === undefined ? {} : { runbook: runbook.name }),
    from: [record.runId, ...(/^https:/.test(record.pullRequest?.url ?? '') ? [record.pullRequest?.url ?? ''] : [])],
  });
  try {
    const spent = await spentToday(deps, record.repository);
    if (spent >= microsOf(knowledge.usd_per_day))
      throw new DrydockError(
        'BudgetExceeded',
        `Learning has cost knowledge.usd_per_day, ${knowledge.usd_per_day} USD.`,
      );
    const { runId } = await submitAsk(deps, {
      request,
      policy,
      requester: record.requester,
      attempt: 1,
      once: true,
      ...defined({ agent: knowledge.agent }),
    });
    await recordEvent(deps, record.runId, { key: 'learn', type: 'learns', text: `${runId} proposes lessons` });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await recordEvent(deps, record.runId, {
      key: 'learn',
      type: 'learns-not',
      text: `no lessons are proposed: ${error.name}: ${error.message}`,
    });
  }
}

/** What a run was corrected with, each text with where it is from; nothing if nobody corrected it. */
async function lessonsIn(deps: Deps, record: RunRecord, edited: string): Promise<{ from: string; text: string }[]> {
  const gates = await deps.gates.byRun(record.runId);
  const people = gates.flatMap(({ kind, decision }: Gate) =>
    decision && (decision.outcome === 'revise' || decision.outcome === 'rejected') && decision.text !== ''
      ? [{ from: `${decision.by.join(', ')} at the ${kind} gate`, text: decision.text }]
      : [],
  );
  const reviews = (await reviewFactsOf(deps, record))?.rounds ?? [];
  const found = reviews.flatMap(({ reviewer, findings }) =>
    findings
      .filter(({ acted }) => acted === true)
      .map((each) => ({ from: `the reviewer ${reviewer}`, text: findingLine(each) })),
  );
  const reworked = Object.keys(record.durations).some((key) => key.startsWith('rework/'));
  const { failure } = record.work.results;
  const failed =
    reworked && failure !== undefined
      ? [{ from: 'a verification that failed', text: await getText(deps.artifacts, failure) }]
      : [];
  const byHand = edited === '' ? [] : [{ from: 'what a person changed before the merge', text: edited }];
  return [...people, ...found, ...failed, ...byHand]
    .slice(0, 20)
    .map(({ from, text }) => ({ from, text: withoutKnownSecrets(text).slice(0, maxText) }));
}

/** What the runs that learn cost in the last 24 hours, or may still cost. */
async function spentToday(deps: Deps, repository: string): Promise<number> {
  const since = deps.clock.now() - dayMs;
  return (await deps.runs.list(lookedAt))
    .filter((run) => run.kind === 'learn' && run.repository === repository && Date.parse(run.createdAt) >= since)
    .reduce((sum, run) => sum + (run.endedAt === undefined ? run.capMicros : run.spentMicros), 0);
}
