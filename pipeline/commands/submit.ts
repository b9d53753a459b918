import { createHash } from 'node:crypto';
import { DrydockError } from '../../core/errors.ts';
import { microsOf } from '../../core/money/format.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { anotherAttempt } from '../../core/run/another-attempt.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { RunOrigin, RunRecord } from '../../core/run/record.ts';
import { branchOf, gitBlobSha, runIdOf, runKey } from '../../core/task-spec/fingerprint.ts';
import { type ReadSpec, readSpec } from '../../core/task-spec/parse.ts';
import { type Deps, nonce } from '../deps.ts';
import { putJson } from '../runs/artifacts.ts';
import { accessRepository } from '../runs/run-context.ts';

export interface SubmitRequest {
  /** Path as it is shown and kept in the provenance; its name decides between YAML and Markdown. */
  file: string;
  bytes: Uint8Array;
  /** The spec as the caller in this process has read it from `bytes`; absent: it is read here. */
  read?: ReadSpec;
  policy: Policy;
  /** Person id. */
  requester: string;
  /** Absent: the latest of this spec, or the next one where `anotherAttempt` has a reason. */
  attempt?: number;
  agent?: string;
  dryRun: boolean;
  /** What a push tells of where the spec comes from. */
  origin?: RunOrigin;
  /** The only repository the spec may name: whoever writes to one must not start work in another. */
  repository?: string;
}

export interface Submitted {
  runId: string;
  /** `duplicate`: its execution was there. */
  outcome: 'started' | 'duplicate';
  attempt: number;
  /** Why it is another attempt than the one that ended, where the attempt was left open. */
  because?: string;
}

/**
 * The trigger's half of a run: the run key, the record, the start under the key's name. Every delivery of the same spec
 * at the same attempt comes to the same name, so that it runs once.
 * @throws SpecInvalid, PolicyRefused and its like; then nothing was written.
 */
export async function submit(deps: Deps, request: SubmitRequest): Promise<Submitted> {
  const task = resolveTask(request.read ?? readSpec(request.file, request.bytes), request.policy, {
    requester: request.requester,
    ...(request.agent === undefined ? {} : { agentOverride: request.agent }),
  });
  const { spec } = task;
  if (request.repository !== undefined && spec.repository !== request.repository) {
    throw new DrydockError(
      'PolicyRefused',
      `The spec is for ${spec.repository}, and it lies in ${request.repository}.`,
      {
        remedy: 'Push it to the repository it is for.',
      },
    );
  }
  const specBlob = gitBlobSha(request.bytes);
  const [specDigest, policyDigest, taskDigest] = await Promise.all([
    deps.artifacts.put(request.bytes),
    putJson(deps.artifacts, request.policy),
    putJson(deps.artifacts, task),
  ]);
  const { attempt, because } =
    request.attempt === undefined
      ? await openAttempt(deps, request, task, { specBlob, policyDigest })
      : { attempt: request.attempt };
  const key = runKey(spec.repository, spec.task_id, specBlob, attempt);
  // A dry run claims nothing, so its name must not be the one that the real run will take.
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
    attempt,
    specPath: request.file,
    specBlob,
    specDigest,
    policyDigest,
    taskDigest,
    ...(request.agent === undefined ? {} : { agentOverride: request.agent }),
    agent: task.agent.name,
    dryRun: request.dryRun,
    ...(request.origin === undefined ? {} : { origin: request.origin }),
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
  // A record without an execution is a trigger that died in between: the same start finishes its work. Of two at once, one
  // starts it, whichever of them made the record.
  const started = await deps.executions.start(runId, { runId });
  const outcome = started === 'started' ? 'started' : 'duplicate';
  return { runId, outcome, attempt, ...(because === undefined ? {} : { because }) };
}

/** The latest attempt of these very bytes, or the one after it. */
async function openAttempt(
  deps: Deps,
  request: SubmitRequest,
  task: EffectiveTask,
  { specBlob, policyDigest }: { specBlob: string; policyDigest: string },
): Promise<{ attempt: number; because?: string }> {
  if (request.dryRun) return { attempt: 1 };
  const { spec } = task;
  const runs = (await deps.runs.byTask(spec.repository, spec.task_id)).filter(
    (run) => run.specBlob === specBlob && !run.dryRun,
  );
  const latest = runs.sort((a, b) => a.attempt - b.attempt).at(-1);
  if (!latest) return { attempt: 1 };
  const today = { policyDigest, ...(request.agent === undefined ? {} : { agent: request.agent }) };
  const because = anotherAttempt(latest, today) ?? anotherAttempt(latest, { ...today, ...(await headOf()) });
  return because === undefined ? { attempt: latest.attempt } : { attempt: latest.attempt + 1, because };

  async function headOf(): Promise<{ base?: string }> {
    try {
      const { host, location } = accessRepository(deps, task);
      return { base: await host.resolve(location, spec.target_branch) };
    } catch {
      // A host that does not answer now says nothing about the run that ended.
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
