import { defined } from '../../core/defined.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import { isFinal } from '../../core/run/status.ts';
import { learnFrom } from '../commands/submit-learn.ts';
import type { Deps } from '../deps.ts';
import { stopRun } from '../lifecycle/stop-run.ts';
import { type HostedRepository, personBehind } from '../repository/hosted-repository.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { runOfPullRequest } from './on-review.ts';
import { done, type HookOutcome, ignored } from './outcome.ts';

/** Bytes of what a person changed before the merge. */
const maxEdited = 20_000;

type Closed = Extract<HostEvent, { kind: 'pull-request-closed' }>;

/** Handles the merge or closing of a run's pull request: records it, and stops the run if it is unfinished. */
export async function onClosed(deps: Deps, hosted: HostedRepository, event: Closed): Promise<HookOutcome> {
  const run = await runOfPullRequest(deps, hosted, event.number);
  // The pull request that brought the spec is linked too, but its merge starts the run.
  if (run?.pullRequest?.id !== event.number) return ignored(`pull request ${event.number} does not belong to a run`);
  const by = personBehind(hosted.policy, event.sender);
  const what = event.merged ? `merged as ${event.mergeCommit?.slice(0, 12) ?? 'unknown'}` : 'closed without a merge';
  await recordEvent(deps, run.runId, {
    key: `pull-request#${event.merged ? 'merged' : 'closed'}#${event.head}`,
    type: event.merged ? 'merged' : 'closed',
    text: `${what} by ${by}`,
    data: { head: event.head, ...defined({ mergeCommit: event.mergeCommit }) },
  });
  if (!isFinal(run.status)) {
    await stopRun(deps, run.runId, { as: 'Cancelled', by, reason: `the pull request was ${what}` });
  }
  const { commit } = run;
  const edited =
    event.merged && commit !== undefined && event.head !== commit
      ? (await hosted.host.diff(hosted.location, commit, event.head, maxEdited)).text
      : '';
  await learnFrom(deps, (await deps.runs.get(run.runId)) ?? run, hosted.policy, edited);
  return done(`${run.taskId}: ${what}`);
}
