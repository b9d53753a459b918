import { DrydockError, type ErrorName } from '../../core/errors.ts';
import { applyPolicy, type EffectiveTask } from '../../core/policy/merge.ts';
import { type Policy, policySchema } from '../../core/policy/schema.ts';
import type { CodeHost, CodeHostKind, CodeHostScope } from '../../core/ports/host/code-host.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { parseSpec } from '../../core/task-spec/parse.ts';
import type { Deps } from '../deps.ts';
import { getJson } from './artifacts.ts';

/** A run with its spec and the policy it started under; both are artifacts, so that neither changes under way. */
export interface Task {
  record: RunRecord;
  policy: Policy;
  effective: EffectiveTask;
  host: CodeHost;
  /** What the code host knows the repository by: a path or a name. */
  location: string;
  /** How the host was found, for whoever has to find it again. */
  place: { host: CodeHostKind; scope: CodeHostScope; location: string };
}

/** @throws RunNotFound, SpecInvalid, or the first refusal of the policy with all of them in `details`. */
export async function loadTask(deps: Deps, runId: string): Promise<Task> {
  const record = await deps.runs.get(runId);
  if (!record) throw new DrydockError('RunNotFound', `There is no run ${runId}.`);
  const [specBytes, policy] = await Promise.all([deps.artifacts.get(record.specDigest), loadPolicy(deps, record)]);
  const effective = effectiveTask(record.specPath, specBytes, policy, record);
  return { record, policy, effective, ...locate(deps, policy, record.repository, runId) };
}

/** @param run whose credentials the host is to use. @throws UnknownRepository. */
export function locate(
  deps: Pick<Deps, 'codeHost'>,
  policy: Policy,
  name: string,
  run?: string,
): Pick<Task, 'host' | 'location' | 'place'> {
  const repository = policy.repositories[name];
  if (!repository) throw new DrydockError('UnknownRepository', `The policy does not list ${name}.`);
  const scope = {
    repository: name,
    ...(run === undefined ? {} : { run }),
    ...(repository.host === 'github' && repository.installation !== undefined
      ? { installation: repository.installation }
      : {}),
  };
  const location = repository.host === 'git' ? repository.url : name;
  return {
    host: deps.codeHost(repository.host, scope),
    location,
    place: { host: repository.host, scope, location },
  };
}

export async function loadPolicy(deps: Pick<Deps, 'artifacts'>, record: RunRecord): Promise<Policy> {
  return policySchema.parse(await getJson(deps.artifacts, record.policyDigest));
}

/** Spec and policy brought together. @throws SpecInvalid, PolicyRefused and its like, every fault in the message. */
export function effectiveTask(
  file: string,
  bytes: Uint8Array,
  policy: Policy,
  by: { requester: string; agentOverride?: string },
): EffectiveTask {
  const parsed = parseSpec(file, bytes);
  const errors = parsed.problems.filter((problem) => problem.severity === 'error');
  if (!parsed.spec || errors.length > 0) {
    throw new DrydockError(
      'SpecInvalid',
      errors.map((p) => `${file}:${p.line}:${p.column} ${p.rule}: ${p.message}`).join('\n'),
      { details: errors },
    );
  }
  const spec = by.agentOverride === undefined ? parsed.spec : { ...parsed.spec, agent: by.agentOverride };
  const { task, problems } = applyPolicy(spec, policy, by.requester);
  const first = problems[0];
  if (first || !task) {
    const name: ErrorName = first?.name ?? 'PolicyRefused';
    throw new DrydockError(name, problems.map((p) => `${p.path}: ${p.message}`).join('\n'), { details: problems });
  }
  return task;
}

/** The next step sees what cancel or supersede left. @throws Cancelled, Superseded. */
export function refuseStopped(record: RunRecord): void {
  if (record.stop) throw new DrydockError(record.stop.as, `${record.stop.reason} (${record.stop.by})`);
}
