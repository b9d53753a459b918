import { DrydockError } from '../../core/errors.ts';
import type { CodeHost, CodeHostKind, CodeHostScope } from '../../core/ports/host/code-host.ts';
import { type EffectiveTask, effectiveTask } from '../../core/run/effective-task.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { getJson } from './artifacts.ts';

/** The code host of a run's repository, and what the host knows the repository by. */
export interface RepositoryAccess {
  host: CodeHost;
  /** A path, URL or name. */
  location: string;
  /** How the host was found, so that another process can find it again. */
  repository: { host: CodeHostKind; scope: CodeHostScope; location: string };
}

/** A run with its effective task as Submit stored it, and its code host. */
export interface RunContext extends RepositoryAccess {
  record: RunRecord;
  task: EffectiveTask;
}

/** @throws RunNotFound, FileUnreadable when the stored task is missing or damaged. */
export async function loadRunContext(deps: Deps, runId: string): Promise<RunContext> {
  const record = await deps.runs.get(runId);
  if (!record) throw new DrydockError('RunNotFound', `There is no run ${runId}.`);
  const task = await loadTask(deps, record);
  return { record, task, ...accessRepository(deps, task, runId) };
}

/** The effective task of a run. @throws FileUnreadable when it is missing or damaged. */
export async function loadTask(deps: Pick<Deps, 'artifacts'>, record: RunRecord): Promise<EffectiveTask> {
  return effectiveTask.parse(await getJson(deps.artifacts, record.taskDigest));
}

/** @param run Run whose credentials the host uses; without one they are minted for the moment. */
export function accessRepository(
  deps: Pick<Deps, 'codeHost'>,
  { spec, repository: { host, location, installation } }: Pick<EffectiveTask, 'spec' | 'repository'>,
  run?: string,
): RepositoryAccess {
  const scope = {
    repository: spec.repository,
    ...(run === undefined ? {} : { run }),
    ...(installation === undefined ? {} : { installation }),
  };
  return { host: deps.codeHost(host, scope), location, repository: { host, scope, location } };
}

/** Called at the start of a step: it ends there when the run was cancelled or superseded. @throws Cancelled, Superseded. */
export function refuseStopped(record: RunRecord): void {
  if (record.stop) throw new DrydockError(record.stop.as, `${record.stop.reason} (${record.stop.by})`);
}
