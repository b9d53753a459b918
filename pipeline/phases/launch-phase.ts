import { DrydockError } from '../../core/errors.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import type { PhaseOrder } from '../../core/ports/runtime/phase-runner.ts';
import { buildPrompt } from '../../core/prompt/build.ts';
import type { PhaseSpec } from '../../core/run/phase.ts';
import type { Deps } from '../deps.ts';
import { getJson, getText } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { loadTask, refuseStopped, type Task } from '../runs/task.ts';
import { needsBaseline } from './baseline-cache.ts';
import { type PhaseRequest, phaseIdOf } from './phase-request.ts';

/**
 * Stores the token before anything starts (newest wins), then starts the sandbox. A phase that ended but was never
 * answered is answered by whoever calls `deliverPhase`, not run again.
 */
export async function launchPhase(deps: Deps, request: PhaseRequest, token: string): Promise<void> {
  const task = await loadTask(deps, request.runId);
  refuseStopped(task.record);
  const phaseId = phaseIdOf(request);
  const phase = await deps.phases.launch({
    phaseId,
    runId: request.runId,
    token: await deps.vault.seal(token),
    request: { ...request },
  });
  if (phase.status === 'ended') return;
  const state = request.phase === 'rework' ? 'Build' : `${request.phase[0]?.toUpperCase()}${request.phase.slice(1)}`;
  await deps.runs.update(request.runId, ({ gate: _closed, ...run }) => ({ ...run, status: 'running', state }));
  await recordEvent(deps, request.runId, {
    key: `phase#${phaseId}/${phase.attempt}`,
    type: 'phase-started',
    text: `${request.phase} ${request.round}${phase.attempt > 1 ? `, try ${phase.attempt}` : ''}`,
  });
  await deps.launcher.launch(await phaseOrder(deps, task, request, phase.attempt), { phaseId, attempt: phase.attempt });
}

async function phaseOrder(deps: Deps, task: Task, request: PhaseRequest, attempt: number): Promise<PhaseOrder> {
  const { record, effective } = task;
  if (record.base === undefined) throw new DrydockError('Internal', `Run ${record.runId} has no base.`);
  const inputs = await phaseInputs(deps, task);
  const verify = request.phase === 'verify';
  const agent = verify ? null : effective.agent;
  const spec: PhaseSpec = {
    phaseKey: `${phaseIdOf(request)}/${attempt}`,
    runId: record.runId,
    taskId: record.taskId,
    phase: request.phase,
    base: record.base,
    inputs: [...inputs.keys()],
    prompt: verify ? '' : await phasePrompt(deps, task, request),
    agent: agent && {
      profile: agent.name,
      kind: agent.kind,
      command: agent.command,
      ...(agent.provider === undefined ? {} : { provider: agent.provider }),
      ...(agent.model === undefined ? {} : { model: agent.model }),
      files: agent.files !== undefined,
      plans: agent.plans,
    },
    sandbox: sandboxOf(task),
    baseline: await needsBaseline(deps, task, request),
    knownFailures: effective.knownFailures,
    commands: verify ? verifyCommands(task) : [],
    limits: phaseLimitsOf(task),
  };
  return {
    spec,
    inputs,
    base: { ...task.place, commit: record.base, depth: effective.limits.historyDepth },
    ...(agent?.files === undefined ? {} : { agentFiles: agent.files }),
    ...(agent?.provider === undefined
      ? {}
      : {
          model: {
            provider: agent.provider,
            allow: effective.modelsAllow,
            budgetMicros: Math.max(0, record.capMicros - (await spentMicros(deps, record.runId))),
          },
        }),
    registries: effective.egress.registries,
    hosts: verify ? [] : effective.egress.hosts,
  };
}

/** From the ledger and not from the record: a try that was cut off has spent too. */
const spentMicros = async (deps: Deps, runId: string): Promise<number> =>
  (await deps.ledger.calls(runId)).reduce((sum, call) => sum + call.usdMicros, 0);

const phaseLimitsOf = ({ effective }: Task): PhaseSpec['limits'] => {
  const { timeoutMs, cpu, memoryMb, pids, diskMb } = effective.limits;
  return { timeoutMs, cpu, memoryMb, pids, diskMb };
};

function sandboxOf({ effective }: Task): PhaseSpec['sandbox'] {
  const { sandbox } = effective.spec;
  return {
    runtime: sandbox.runtime,
    ...(sandbox.package_manager === undefined ? {} : { packageManager: sandbox.package_manager }),
    dependencies: sandbox.dependencies,
    env: sandbox.env,
    ...(sandbox.setup_command === undefined ? {} : { setupCommand: sandbox.setup_command }),
    ...(sandbox.build_command === undefined ? {} : { buildCommand: sandbox.build_command }),
    testCommand: sandbox.test_command,
  };
}

/** Success criteria that can be run, then the policy's checks, then the CI gates a host without CI runs here. */
function verifyCommands({ effective }: Task): PhaseSpec['commands'] {
  const success = effective.spec.success_criteria.flatMap((criterion) =>
    typeof criterion === 'string' ? [] : [{ name: `success: ${criterion.says}`, command: criterion.run }],
  );
  const named = (kind: string, list: { name: string; command: string }[]) =>
    list.map(({ name, command }) => ({ name: `${kind}: ${name}`, command }));
  return [...success, ...named('check', effective.checks), ...named('ci', effective.ci)];
}

async function phaseInputs(deps: Deps, { record }: Task): Promise<Map<string, Uint8Array>> {
  const inputs = new Map<string, Uint8Array>();
  const { changeSet } = record.work;
  if (changeSet) {
    inputs.set('changeset.json', await deps.artifacts.get(changeSet.manifest));
    inputs.set('changeset.blobs', await deps.artifacts.get(changeSet.blobs));
  }
  if (record.work.plan) inputs.set('plan.json', await deps.artifacts.get(record.work.plan));
  if (record.work.handoff) inputs.set('handoff.md', await deps.artifacts.get(record.work.handoff));
  return inputs;
}

async function phasePrompt(deps: Deps, { record, effective }: Task, request: PhaseRequest): Promise<string> {
  const { work } = record;
  return buildPrompt({
    phase: request.phase === 'verify' ? 'build' : request.phase,
    spec: effective.spec,
    constraints: effective.constraints,
    work,
    feedback: await Promise.all(work.feedback.map((digest) => getText(deps.artifacts, digest))),
    ...(work.plan ? { plan: planSchema.parse(await getJson(deps.artifacts, work.plan)) } : {}),
    ...(work.handoff ? { handoff: await getText(deps.artifacts, work.handoff) } : {}),
  });
}
