import { createHash } from 'node:crypto';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { microsOf } from '../../core/money/format.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { involvedIn } from '../../core/review/may-act.ts';
import { anotherAttempt } from '../../core/run/another-attempt.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { RunOrigin, RunRecord, RunTrigger } from '../../core/run/record.ts';
import { branchOf, gitBlobSha, runIdOf, runKey } from '../../core/task-spec/fingerprint.ts';
import { type ReadSpec, readSpec } from '../../core/task-spec/parse.ts';
import { type Deps, nonce } from '../deps.ts';
import { putJson } from '../runs/artifacts.ts';
import { accessRepository } from '../runs/run-context.ts';

export interface SubmitRequest {
  /** Path for display and provenance; its extension decides between YAML and Markdown. */
  file: string;
  bytes: Uint8Array;
  /** The spec as read from `bytes`, if the caller has read it already. */
  read?: ReadSpec;
  policy: Policy;
  /** Person id. */
  requester: string;
  /** Person id of somebody else who asks for another attempt. */
  retrier?: string;
  /** Default: the latest attempt of this spec, or the next one if `anotherAttempt` gives a reason. */
  attempt?: number;
  agent?: string;
  dryRun: boolean;
  /** Team whose budget the run uses, in the place of that of the repository; only a trigger of the policy names one. */
  team?: string;
  /** The trigger of a runbook that made the spec. */
  trigger?: RunTrigger;
  /** The push that brought the spec. */
  origin?: RunOrigin;
  /** The only repository that the spec may name, because write access to one must not start runs in another. */
  repository?: string;
}

export interface Submitted {
  runId: string;
  /** `duplicate`: the execution already existed. */
  outcome: 'started' | 'duplicate';
  attempt: number;
  /** Why a new attempt was started, if the request named no attempt. */
  because?: string;
}

/**
 * Submits a spec: computes the run key, creates the record and starts the execution, which is named by the key. Every
 * submission of the same spec at the same attempt has the same name, so that it runs once.
 * @throws SpecInvalid, PolicyRefused and the other refusals of the policy; then nothing was written.
 */
export async function submit(deps: Deps, request: SubmitRequest): Promise<Submitted> {
  const read = request.read ?? readSpec(request.file, request.bytes);
  const specBlob = gitBlobSha(request.bytes);
  const earlier = await earlierAttempts(deps, read, specBlob);
  const retriers = [
    ...new Set([...earlier.flatMap(involvedIn), ...(request.retrier === undefined ? [] : [request.retrier])]),
  ].filter((person) => person !== request.requester);
  const resolved = resolveTask(read, request.policy, {
    requester: request.requester,
    barred: retriers,
    ...defined({ agentOverride: request.agent }),
  });
  const { team } = request;
  const task = team === undefined ? resolved : { ...resolved, team, budget: request.policy.budgets[team] };
  const { spec } = task;
  if (request.repository !== undefined && spec.repository !== request.repository) {
    throw new DrydockError('PolicyRefused', `The spec names ${spec.repository}, but it is in ${request.repository}.`, {
      remedy: 'Push the spec to the repository that it names.',
    });
  }
  const [specDigest, policyDigest, taskDigest] = await Promise.all([
    deps.artifacts.put(request.bytes),
    putJson(deps.artifacts, request.policy),
    putJson(deps.artifacts, task),
  ]);
  const { attempt, because } =
    request.attempt === undefined
      ? await openAttempt(deps, request, task, earlier, policyDigest)
      : { attempt: request.attempt };
  const key = runKey(spec.repository, spec.task_id, specBlob, attempt);
  // A dry run claims nothing, so it needs another name than the real run.
  const runId = request.dryRun
    ? `d-${createHash('sha256').update(`${key}${nonce()}`).digest('hex').slice(0, 40)}`
    : runIdOf(key);
  const record: RunRecord = {
    runId,
    runKey: key,
    taskId: spec.task_id,
    repository: spec.repository,
    team: task.team,
    title: spec.title ?? firstLine(spec.instructions),
    requester: request.requester,
    ...(retriers.length > 0 ? { retriers } : {}),
    attempt,
    specPath: request.file,
    specBlob,
    specDigest,
    policyDigest,
    taskDigest,
    ...defined({ agentOverride: request.agent }),
    agent: task.agent.name,
    dryRun: request.dryRun,
    ...defined({ origin: request.origin, runbook: spec.runbook, trigger: request.trigger }),
    status: 'running',
    state: 'Validate',
    targetBranch: spec.target_branch,
    branch: branchOf(spec.output_branch_prefix, key),
    capMicros: task.limits.usdMicros,
    spentMicros: microsOf(0),
    tokens: { input: 0, output: 0, cached: 0 },
    work: { feedback: [], answers: [], addedConstraints: [], results: {} },
    durations: {},
    createdAt: new Date(deps.clock.now()).toISOString(),
    version: 1,
  };
  await deps.runs.create(record).catch((error: unknown) => {
    if (!(error instanceof DrydockError) || error.name !== 'AlreadyClaimed') throw error;
  });
  // A record without an execution means that an earlier trigger crashed here; this start completes it. If two triggers
  // run at the same time, exactly one of them starts the execution.
  const started = await deps.executions.start(runId, { runId });
  const outcome = started === 'started' ? 'started' : 'duplicate';
  return { runId, outcome, attempt, ...defined({ because }) };
}

/** Earlier attempts of exactly these bytes, oldest first. */
async function earlierAttempts(deps: Deps, { spec }: ReadSpec, specBlob: string): Promise<RunRecord[]> {
  if (!spec) return [];
  const runs = await deps.runs.byTask(spec.repository, spec.task_id);
  return runs.filter((run) => run.specBlob === specBlob && !run.dryRun).sort((a, b) => a.attempt - b.attempt);
}

/** The latest attempt of exactly these bytes, or the next one. */
async function openAttempt(
  deps: Deps,
  request: SubmitRequest,
  task: EffectiveTask,
  earlier: RunRecord[],
  policyDigest: string,
): Promise<{ attempt: number; because?: string }> {
  if (request.dryRun) return { attempt: 1 };
  const { spec } = task;
  const latest = earlier.at(-1);
  if (!latest) return { attempt: 1 };
  const today = { policyDigest, ...defined({ agent: request.agent }) };
  const because = anotherAttempt(latest, today) ?? anotherAttempt(latest, { ...today, ...(await headOf()) });
  return because === undefined ? { attempt: latest.attempt } : { attempt: latest.attempt + 1, because };

  async function headOf(): Promise<{ base?: string }> {
    try {
      const { host, location } = accessRepository(deps, task);
      return { base: await host.resolve(location, spec.target_branch) };
    } catch {
      // Without an answer of the host it is unknown whether the branch moved.
      return {};
    }
  }
}

function firstLine(text: string): string {
  const line = text
    .split('\n')
    .map((l) => l.replace(/^#+\s*/, '').trim())
    .find((l) => l !== '');
  return (line ?? '').slice(0, 200);
}
