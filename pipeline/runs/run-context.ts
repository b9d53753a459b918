import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { CodeHost, CodeHostKind, CodeHostScope } from '../../core/ports/host/code-host.ts';
import { type EffectiveTask, effectiveTask } from '../../core/run/effective-task.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { getJson } from './artifacts.ts';

/** The code host of a repository, and the location of the repository on it. */
export interface RepositoryAccess {
  host: CodeHost;
  /** A path, URL or name. */
  location: string;
  /** Parameters of the access, so that another process can open it again. */
  repository: { host: CodeHostKind; scope: CodeHostScope; location: string };
}

/** A run with its stored effective task and its code host. */
export interface RunContext extends RepositoryAccess {
  record: RunRecord;
  task: EffectiveTask;
}

/** @throws RunNotFound, FileUnreadable if the stored task is missing or damaged, RecordUnreadable if its format is unknown. */
export async function loadRunContext(deps: Deps, runId: string): Promise<RunContext> {
  const record = await deps.runs.get(runId);
  if (!record) throw new DrydockError('RunNotFound', `There is no run ${runId}.`);
  const task = await loadTask(deps, record);
  return { record, task, ...accessRepository(deps, task, runId) };
}

/** The effective task of a run. @throws FileUnreadable if it is missing or damaged, RecordUnreadable if its format is unknown. */
export async function loadTask(deps: Pick<Deps, 'artifacts'>, record: RunRecord): Promise<EffectiveTask> {
  const task = effectiveTask.safeParse(await getJson(deps.artifacts, record.taskDigest));
  if (task.success) return task.data;
  throw new DrydockError('RecordUnreadable', `The effective task of run ${record.runId} has an unknown format.`);
}

/** @param run Run id for which credentials are minted; without it they are short-lived. */
export function accessRepository(
  deps: Pick<Deps, 'codeHost'>,
  { spec, repository: { host, location, installation } }: Pick<EffectiveTask, 'spec' | 'repository'>,
  run?: string,
): RepositoryAccess {
  const scope = {
    repository: spec.repository,
    ...defined({ run, installation }),
  };
  return { host: deps.codeHost(host, scope), location, repository: { host, scope, location } };
}

/** Ends a step if its run was stopped; called at the start of the step. @throws Cancelled, Superseded. */
export function refuseStopped(record: RunRecord): void {
  if (record.stop) throw new DrydockError(record.stop.as, `${record.stop.reason} (${record.stop.by})`);
}
