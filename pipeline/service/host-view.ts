import type { GateResult, Review } from '../../core/ports/host/collaboration.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { accessRepository, loadTask } from '../runs/run-context.ts';

/** The current state of a run's pull request on the code host. */
export interface HostView {
  /** Commit of the `checks`. */
  head: string;
  checks: Omit<GateResult, 'detail'>[];
  /** Oldest first; `current`: the review is of the head. */
  reviews: { by: string; state: Review['state']; head: string; current: boolean }[];
}

/** Null for a host without checks and reviews, and before the run has published. */
export async function hostView(deps: Deps, record: RunRecord): Promise<HostView | null> {
  const { commit, pullRequest } = record;
  const { host, location } = accessRepository(deps, await loadTask(deps, record));
  if (!host.collaboration || commit === undefined || !pullRequest) return null;
  const [results, reviews] = await Promise.all([
    host.collaboration.gateResults(location, commit, false),
    host.collaboration.reviews(location, pullRequest.id),
  ]);
  return {
    head: commit,
    checks: results.map(({ detail: _detail, ...check }) => check),
    reviews: reviews.map(({ author, state, head }) => ({ by: author.login, state, head, current: head === commit })),
  };
}
