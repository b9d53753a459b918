import type { GateResult, Review } from '../../core/ports/host/collaboration.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { accessRepository, loadTask } from '../runs/run-context.ts';

/** What the code host says of a run's pull request now. */
export interface HostView {
  /** Commit that `checks` are about. */
  head: string;
  checks: Omit<GateResult, 'detail'>[];
  /** Oldest first; `current` when it is about the head. */
  reviews: { by: string; state: Review['state']; head: string; current: boolean }[];
}

/** Null for a host without checks and reviews, and before anything was published. */
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
