import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';

/** The newest runs are searched; older ones say less about a runbook or a lesson of today. */
const maxSearched = 2_000;

/** Rounds in which the agent corrected its own work: the record has a duration for each `phase/round/attempt`. */
export const reworkRounds = ({ durations }: Pick<RunRecord, 'durations'>): number =>
  new Set(
    Object.keys(durations).flatMap((key) => {
      const [phase, round] = key.split('/');
      return phase === 'rework' && round !== undefined ? [round] : [];
    }),
  ).size;

/** The newest runs of a repository, newest first, without dry runs. */
export const runsOf = async (deps: Pick<Deps, 'runs'>, repository: string): Promise<RunRecord[]> =>
  (await deps.runs.list(maxSearched)).filter((run) => run.repository === repository && !run.dryRun);
