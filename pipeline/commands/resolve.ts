import { DrydockError } from '../../core/errors.ts';
import { mayRead, type ReadScope } from '../../core/review/readers.ts';
import { type Gate, isWait } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { unfinishedRuns } from '../runs/unfinished.ts';

/** All unfinished runs and the newest ones are searched; an older one that has ended is found by its whole id. */
const maxSearched = 2_000;

/**
 * A run by its id, a unique prefix of it, or its task id (then the newest attempt).
 * @param scope Other runs do not exist for the caller.
 * @throws RunNotFound, AmbiguousId.
 */
export async function resolveRun(deps: Pick<Deps, 'runs'>, reference: string, scope?: ReadScope): Promise<RunRecord> {
  const exact = reference === '' ? undefined : await deps.runs.get(reference);
  if (exact && mayRead(scope, exact)) return exact;
  const all = (await searched(deps)).filter((run) => mayRead(scope, run));
  const byTask = all.filter((run) => run.taskId === reference);
  // A dry run is found by its task only when there is no real one.
  const newest = byTask.find((run) => !run.dryRun) ?? byTask[0];
  if (newest) return newest;
  const matching =
    reference.length < 3
      ? []
      : all.filter((run) => run.runId.startsWith(reference) || run.runId.slice(2).startsWith(reference));
  const [only, another] = matching;
  if (!only) throw new DrydockError('RunNotFound', `There is no run ${JSON.stringify(reference.slice(0, 100))}.`);
  if (another) throw new DrydockError('AmbiguousId', `${matching.length} runs begin with ${reference}.`);
  return only;
}

/** Newest first, each once. */
async function searched({ runs }: Pick<Deps, 'runs'>): Promise<RunRecord[]> {
  const found = new Map((await runs.list(maxSearched)).map((run) => [run.runId, run]));
  // With fewer than that, there are no others.
  if (found.size < maxSearched) return [...found.values()];
  for await (const page of unfinishedRuns(runs)) for (const run of page.runs) found.set(run.runId, run);
  return [...found.values()].sort((a, b) => (a.createdAt > b.createdAt ? -1 : 1));
}

/** A gate by its id, or the open gate of a run. @throws GateNotFound, RunNotFound, AmbiguousId. */
export async function resolveGate(
  deps: Pick<Deps, 'runs' | 'gates'>,
  reference: string,
  scope?: ReadScope,
): Promise<Gate> {
  const exact = /^[rd]-[0-9a-f]{40}\.[a-z]+\.\d+$/.test(reference) ? await deps.gates.get(reference) : undefined;
  if (exact) return exact;
  const [runPart = '', kind, round] = reference.split('.');
  let run: RunRecord;
  try {
    run = await resolveRun(deps, runPart, scope);
  } catch (error) {
    if (error instanceof DrydockError && error.name === 'RunNotFound') {
      throw new DrydockError('GateNotFound', `There is no gate ${JSON.stringify(reference.slice(0, 100))}.`);
    }
    throw error;
  }
  const gates = (await deps.gates.byRun(run.runId)).filter(
    (gate) =>
      !isWait(gate.kind) &&
      (kind === undefined || (gate.kind === kind && (round === undefined || gate.round === Number(round)))),
  );
  const gate = gates.find((g) => g.status === 'pending') ?? gates.sort((a, b) => (a.openedAt < b.openedAt ? 1 : -1))[0];
  if (!gate) throw new DrydockError('GateNotFound', `${run.taskId} has no gate; it is ${run.status}.`);
  return gate;
}
