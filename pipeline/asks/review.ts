import { actedOn } from '../../core/ask/acted.ts';
import {
  countReviews,
  currentReviews,
  findingLine,
  type Review,
  type ReviewCounts,
  type Reviewed,
  reviewLines,
  reviewsOfRun,
  unknownPaths,
} from '../../core/ask/review.ts';
import { defined } from '../../core/defined.ts';
import type { WorkPatch } from '../../core/ports/store/phases.ts';
import { blobsByPath, type ChangeSet } from '../../core/run/change-set.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { type PhaseAnswer, reviewBlocked } from '../payloads.ts';
import { getJson, loadChange, putJson, putText } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { keptFaults } from './faults.ts';

/** All reviews of a run by agents, oldest first. */
async function reviewsOf(deps: Pick<Deps, 'artifacts'>, { work }: Pick<RunRecord, 'work'>): Promise<Reviewed[]> {
  const digest = work.results.reviews;
  return digest === undefined ? [] : reviewsOfRun.parse(await getJson(deps.artifacts, digest));
}

/** Why the findings of a review cannot be taken; undefined if they can. */
export async function faultOfReview(
  deps: Deps,
  { record, host, location }: RunContext,
  given: Review,
): Promise<string | undefined> {
  if (given.findings.length === 0) return undefined;
  const { changeSet } = record.work;
  const changed = new Set(
    changeSet ? (await loadChange(deps.artifacts, changeSet)).manifest.entries.map(({ path }) => path) : [],
  );
  if (unknownPaths(given, (path) => changed.has(path)).length === 0) return undefined;
  const tree = await host.listTree(location, record.base ?? '');
  const unknown = unknownPaths(given, (path) => changed.has(path) || tree.has(path));
  return unknown.length === 0
    ? undefined
    : `Neither the change nor the repository has ${unknown
        .slice(0, 10)
        .map((path) => JSON.stringify(path))
        .join(', ')}. Name files by their paths from the root of the repository.`;
}

/** Keeps what a reviewer found. Blocking findings become feedback of the next round. */
export async function tookReview(
  deps: Deps,
  { record, task }: RunContext,
  { round, reviewer = 0 }: PhaseRequest,
  given: Review,
  end: PhaseEnd,
): Promise<{ answer: PhaseAnswer; patch: WorkPatch }> {
  const agent = task.reviewers?.[reviewer]?.agent;
  const name = agent?.name ?? '';
  const { summary, findings } = given;
  const reviews: Reviewed[] = [
    ...(await reviewsOf(deps, record)).filter((each) => each.round !== round),
    {
      reviewer: name,
      ...defined({ model: agent?.model }),
      round,
      change: record.work.changeSet?.manifest ?? '',
      usdMicros: end.calls.reduce((sum, call) => sum + call.usdMicros, 0),
      summary,
      findings,
    },
  ];
  const blocking = findings.filter(({ severity }) => severity === 'blocking');
  const results = { reviews: await putJson(deps.artifacts, reviews) };
  if (blocking.length === 0) return { answer: { outcome: 'passed', approval: false, reason: '' }, patch: { results } };
  const text = [
    `The agent ${name} reviewed the change and found what has to be corrected:`,
    ...blocking.map((each) => `- ${findingLine(each)}`),
  ].join('\n');
  const feedback = await putText(deps.artifacts, text);
  return {
    answer: { outcome: 'failed', approval: false, reason: reviewBlocked },
    patch: { feedback: [feedback], results: { ...results, failure: feedback } },
  };
}

/** After a new change: which findings of the last review it acts on. Undefined if there is nothing to tell. */
export async function actedReviews(deps: Deps, record: RunRecord, change: ChangeSet): Promise<string | undefined> {
  const { changeSet } = record.work;
  const reviews = await reviewsOf(deps, record);
  if (!changeSet || !reviews.some((each) => each.change === changeSet.manifest)) return undefined;
  const [before, after] = [blobsByPath(await loadChange(deps.artifacts, changeSet)), blobsByPath(change)];
  const told = reviews.map((each) =>
    each.change !== changeSet.manifest
      ? each
      : {
          ...each,
          findings: each.findings.map((finding) => ({
            ...finding,
            acted: finding.acted === true || actedOn(finding, before.get(finding.path), after.get(finding.path)),
          })),
        },
  );
  return putJson(deps.artifacts, told);
}

/** Keeps why an agent could not review, for the person who is asked about it. */
export const whyNoReview = async (
  deps: Deps,
  request: PhaseRequest,
  fault: string,
  message: string,
): Promise<WorkPatch['results']> => ({
  ...(await keptFaults(deps, request, '')).results,
  reviewFailure: await putText(deps.artifacts, `${fault}: ${message}`),
});

/** The reviews of a run by agents, and what became of their findings. */
export interface ReviewFacts extends ReviewCounts {
  rounds: Reviewed[];
  /** Reviews that approvers went on without, or did not follow. */
  waived: { by: string[]; what: string }[];
}

/** Null if no agent reviewed a change of the run. */
export async function reviewFactsOf(
  deps: Pick<Deps, 'artifacts'>,
  record: Pick<RunRecord, 'work'>,
): Promise<ReviewFacts | null> {
  const rounds = await reviewsOf(deps, record);
  const { waived = [] } = record.work;
  return rounds.length === 0 && waived.length === 0 ? null : { ...countReviews(rounds), rounds, waived };
}

/** What people read of the reviews of the change that a run has now, one line each. */
export async function reviewTextOf(deps: Pick<Deps, 'artifacts'>, record: Pick<RunRecord, 'work'>): Promise<string[]> {
  const { changeSet, waived = [] } = record.work;
  return reviewLines(currentReviews(await reviewsOf(deps, record), changeSet?.manifest), waived);
}
