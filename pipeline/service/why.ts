import { DrydockError } from '../../core/errors.ts';
import type { Deps } from '../deps.ts';

/** Where a line comes from: blame, then the commit's trailers (R6). */
export interface BlameView {
  file: string;
  line: number;
  commit: string;
  text: string;
  runId: string;
  taskId: string;
  spec: string;
  planPhase: string | null;
  planApprovedBy: string[];
  requestedBy: string | null;
  agent: string | null;
  model: string | null;
}

/** @param repository Location of a `git` repository. @throws RunNotFound when the line was not written by a run. */
export async function why(
  deps: Pick<Deps, 'codeHost'>,
  repository: string,
  file: string,
  line: number,
): Promise<BlameView> {
  const blame = await deps.codeHost('git', { repository }).blame(repository, file, line);
  const of = (name: string): string[] => blame.trailers.filter(([key]) => key === name).map(([, value]) => value);
  const [runId] = of('Drydock-Run');
  if (runId === undefined) {
    throw new DrydockError(
      'RunNotFound',
      `${file}:${line} was last changed by ${blame.commit.slice(0, 12)}, which no run made.`,
      {
        remedy: 'Check out the branch of the run, or ask for a line that it changed.',
      },
    );
  }
  const phases = of('Drydock-Plan-Phase');
  return {
    file,
    line,
    commit: blame.commit,
    text: blame.text,
    runId,
    taskId: of('Drydock-Task')[0] ?? '',
    spec: of('Drydock-Spec')[0] ?? '',
    planPhase: phases.length === 0 ? null : phases.join(', '),
    planApprovedBy: of('Drydock-Plan-Approved-By'),
    requestedBy: of('Drydock-Requested-By')[0] ?? null,
    agent: of('Drydock-Agent')[0] ?? null,
    model: of('Drydock-Model')[0] ?? null,
  };
}
