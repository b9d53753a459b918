import type { Review } from '../../core/ports/host/collaboration.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { castReview, isVerdict } from '../gates/cast-review.ts';
import type { HostedRepository } from '../repository/hosted-repository.ts';
import { loadRunContext } from '../runs/run-context.ts';
import { done, type HookOutcome, ignored, refused } from './outcome.ts';

type ReviewEvent = Extract<HostEvent, { kind: 'review' }>;

/** Counts a review of a run's pull request as a vote at its review gate. */
export async function onReview(deps: Deps, hosted: HostedRepository, event: ReviewEvent): Promise<HookOutcome> {
  const run = await runOfPullRequest(deps, hosted, event.number);
  if (run?.pullRequest?.id !== event.number) return ignored(`pull request ${event.number} does not belong to a run`);
  const review: Review = { ...event.review, author: event.sender, state: stateOf(event.review.state) };
  if (!isVerdict(review)) return ignored('a review without a verdict');
  const gate = (await deps.gates.byRun(run.runId))
    .filter((each) => each.kind === 'review')
    .sort((a, b) => a.round - b.round)
    .at(-1);
  // When the gate opens, it reads the earlier reviews of its head from the host.
  if (!gate) return ignored(`${run.taskId} does not wait for reviews yet`);
  const { counted, reason } = await castReview(deps, await loadRunContext(deps, run.runId), gate, review);
  return counted ? done(reason) : refused(reason);
}

export async function runOfPullRequest(
  deps: Deps,
  hosted: HostedRepository,
  number: string,
): Promise<RunRecord | undefined> {
  const runId = await deps.runLinks.find(hosted.repository, `pull:${number}`);
  const run = runId === undefined ? undefined : await deps.runs.get(runId);
  return run?.repository === hosted.repository ? run : undefined;
}

const stateOf = (state: string): Review['state'] =>
  state === 'approved' ? 'approved' : state === 'changes_requested' ? 'changes-requested' : 'commented';
