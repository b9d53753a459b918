import { DrydockError } from '../../core/errors.ts';
import type { Deps } from '../deps.ts';

/** The origin of a line: blame and the trailers of its commit (R6). */
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

/** @param repository Path of a git repository. @throws RunNotFound when no run wrote the line. */
export async function why(
  deps: Pick<Deps, 'codeHost'>,
  repository: string,
  file: string,
  line: number,
): Promise<BlameView> {
  const blame = await deps.codeHost('git', { repository }).blame(repository, file, line);
  const trailers = (name: string): string[] => blame.trailers.filter(([key]) => key === name).map(([, value]) => value);
  const [runId] = trailers('Drydock-Run');
  if (runId === undefined) {
    throw new DrydockError(
      'RunNotFound',
      `${file}:${line} was last changed by ${blame.commit.slice(0, 12)}, which is not a commit of a run.`,
      {
        remedy: 'Check out the branch of the run, or name a line that the run changed.',
      },
    );
  }
  const phases = trailers('Drydock-Plan-Phase');
  return {
    file,
    line,
    commit: blame.commit,
    text: blame.text,
    runId,
    taskId: trailers('Drydock-Task')[0] ?? '',
    spec: trailers('Drydock-Spec')[0] ?? '',
    planPhase: phases.length === 0 ? null : phases.join(', '),
    planApprovedBy: trailers('Drydock-Plan-Approved-By'),
    requestedBy: trailers('Drydock-Requested-By')[0] ?? null,
    agent: trailers('Drydock-Agent')[0] ?? null,
    model: trailers('Drydock-Model')[0] ?? null,
  };
}
