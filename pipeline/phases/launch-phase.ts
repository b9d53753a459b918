import { isAskTopic } from '../../core/ask/names.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError, viewError } from '../../core/errors.ts';
import type { FrozenLesson } from '../../core/knowledge/select.ts';
import type { McpServerOfRun, SandboxServer } from '../../core/mcp/server.ts';
import { planMarkdown } from '../../core/plan/markdown.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import type { PhaseOrder } from '../../core/ports/runtime/phase-runner.ts';
import { buildPrompt, type WorkingPhase } from '../../core/prompt/build.ts';
import type { Remark } from '../../core/remark/remark.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { PhaseName, PhaseSpec } from '../../core/run/phase.ts';
import { type PhaseRequest, phaseIdOf } from '../../core/run/phase-request.ts';
import { promptOfAsk } from '../asks/prompt.ts';
import { budgetOf } from '../campaign/money.ts';
import { bringRemarks, hears, remarksFor } from '../commands/tell.ts';
import type { Deps } from '../deps.ts';
import { recordSuspicions } from '../gates/suspicions.ts';
import { lessonsOfPhase } from '../memory/run-lessons.ts';
import { fileListOf } from '../publishing/last-round.ts';
import { getJson, getText } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { loadRunContext, type RunContext, refuseStopped } from '../runs/run-context.ts';
import { agentOfPhase, agentSpecOf, modelOfPhase } from './agent-of-phase.ts';
import { deliverPhase } from './answer-phase.ts';
import { baseTests, needsBaseline } from './baseline-cache.ts';
import { phaseLimitsOf, phaseSandboxOf, readingSandboxOf } from './phase-sandbox.ts';
import { submodulesOf } from './submodules.ts';

/**
 * Stores the token (newest wins), then starts the sandbox. A phase that has already ended is not run again: its answer
 * is delivered to the new token.
 */
export async function launchPhase(deps: Deps, request: PhaseRequest, token: string): Promise<void> {
  const context = await loadRunContext(deps, request.runId);
  refuseStopped(context.record);
  const phaseId = phaseIdOf(request);
  const phase = await deps.phases.launch({
    phaseId,
    runId: request.runId,
    token: await deps.vault.seal(token),
    request: { ...request },
  });
  if (phase.status === 'ended') return deliverPhase(deps, phase);
  // Calls of an interrupted attempt are charged.
  for (let attempt = 1; attempt < phase.attempt; attempt++) {
    await deps.ledger.recordCalls(request.runId, await deps.launcher.calls(`${phaseId}/${attempt}`));
  }
  const state = stateOf(request.phase);
  // Only prompts of the task itself have lessons, and only what a prompt had is recorded.
  const hasLessons = request.phase !== 'verify' && !isAskTopic(request.phase);
  const lessons = hasLessons ? await lessonsOfPhase(deps, context) : undefined;
  await deps.runs.update(request.runId, ({ gate: _closed, ...run }) => {
    // A stop before this line found no phase to stop.
    refuseStopped(run);
    const work = lessons === undefined ? run.work : { ...run.work, lessons: lessons.record };
    return { ...run, status: 'running', state, work };
  });
  await recordEvent(deps, request.runId, {
    key: `phase#${phaseId}/${phase.attempt}`,
    type: 'phase-started',
    text: `${request.phase} ${request.round}${phase.attempt > 1 ? `, attempt ${phase.attempt}` : ''}`,
  });
  const order = await phaseOrder(deps, context, request, phase.attempt, lessons?.chosen ?? []);
  try {
    await deps.launcher.launch(order, { phaseId, attempt: phase.attempt });
  } catch (error) {
    const { name, message } = viewError(error);
    // People see why the run does not go on; the state tries again.
    if (name === 'CapacityMissing')
      await recordEvent(deps, request.runId, {
        key: `capacity#${phaseId}/${phase.attempt}`,
        type: 'capacity-missing',
        text: `${request.phase} ${request.round} waits: ${message}`,
      });
    throw error;
  }
  // What was said during the launch is not in the prompt, and found no agent.
  if (order.spec.agent && hears(request.phase))
    await bringRemarks(deps, request.runId, [phase], order.spec.remarks?.length);
  // A stop during the launch answered this attempt, but found no sandbox to stop.
  const now = await deps.phases.get(phaseId);
  if (now?.attempt === phase.attempt && now.answer) await deps.launcher.stop(phase);
}

/** The state of the machine that waits for a phase. */
function stateOf(phase: PhaseName): string {
  if (phase === 'rework') return 'Build';
  return isAskTopic(phase) && phase !== 'review' ? 'Ask' : `${phase[0]?.toUpperCase()}${phase.slice(1)}`;
}

async function phaseOrder(
  deps: Deps,
  context: RunContext,
  request: PhaseRequest,
  attempt: number,
  lessons: readonly FrozenLesson[],
): Promise<PhaseOrder> {
  const { record, task } = context;
  if (record.base === undefined) throw new DrydockError('Internal', `Run ${record.runId} has no base.`);
  const inputs = await phaseInputs(deps, context, request.phase);
  const { submodules, missing } = await submodulesOf(deps, context);
  const verify = request.phase === 'verify';
  const working = agentOfPhase(task, request);
  const asked = isAskTopic(request.phase) ? request.phase : undefined;
  const priced = working?.agent.provider !== undefined;
  const remarks = hears(request.phase) ? await remarksFor(deps, record) : [];
  const left = priced ? await budgetOf(deps, record) : 0;
  const spec: PhaseSpec = {
    phaseKey: `${phaseIdOf(request)}/${attempt}`,
    runId: record.runId,
    taskId: record.taskId,
    phase: request.phase,
    base: record.base,
    targetBranch: record.targetBranch,
    ...(missing.length > 0 ? { missingSubmodules: missing.slice(0, 50) } : {}),
    inputs: [...inputs.keys()],
    prompt: await promptOf(deps, context, request, lessons, remarks),
    ...(working && remarks.length > 0 ? { remarks: remarks.map(({ key }) => key) } : {}),
    agent: working && agentSpecOf(working),
    ...(working === null || asked || task.mcp === undefined ? {} : { mcp: inSandbox(task.mcp) }),
    sandbox: asked ? readingSandboxOf(task) : phaseSandboxOf(task),
    baseline: await needsBaseline(deps, context, request),
    knownFailures: task.knownFailures,
    ...(verify ? defined({ baseTests: await baseTests(deps, context) }) : {}),
    commands: verify ? verifyCommands(context) : [],
    limits: phaseLimitsOf(task),
  };
  return {
    spec,
    inputs,
    base: {
      ...context.repository,
      commit: record.base,
      depth: task.limits.historyDepth,
      ...(submodules.length > 0 ? { submodules } : {}),
    },
    ...defined({ agentFiles: working?.agent.files, model: working ? modelOfPhase(working, task, left) : undefined }),
    // An agent that only answers reaches its model and nothing else.
    registries: asked ? [] : task.egress.registries,
    hosts: verify || asked ? [] : task.egress.hosts,
    ...(asked ? {} : { egress: egressOfPhase(task, verify) }),
  };
}

/** What a phase may reach, with the credentials that it needs for that. Verify asks registries and nothing else. */
function egressOfPhase({ egress, mcp = [] }: EffectiveTask, verify: boolean): NonNullable<PhaseOrder['egress']> {
  const reached = {
    rules: verify ? [] : (egress.rules ?? []),
    private: egress.private ?? [],
    ...(verify || mcp.length === 0 ? {} : { mcp: atGateway(mcp) }),
  };
  const named = new Set(Object.values(reached).flatMap((list) => list.flatMap(({ credential }) => credential ?? [])));
  const credentials = Object.entries(egress.credentials ?? {}).filter(([name]) => named.has(name));
  return { ...reached, credentials: Object.fromEntries(credentials) };
}

/** Addresses and credentials of servers stay with the gateway, as commands stay with the sandbox. */
const inSandbox = (servers: readonly McpServerOfRun[]): SandboxServer[] =>
  servers.map(({ name, tools, command }) => ({ name, tools, ...defined({ command }) }));
const atGateway = (servers: readonly McpServerOfRun[]) =>
  servers.flatMap(({ name, tools, url, credential }) =>
    url === undefined ? [] : [{ name, tools, url, ...defined({ credential }) }],
  );

/** Success criteria with a command, the policy's checks, and the CI gates if the host has no CI, in this order. */
function verifyCommands({ task }: RunContext): PhaseSpec['commands'] {
  const success = task.spec.success_criteria.flatMap((criterion) =>
    typeof criterion === 'string' ? [] : [{ name: `success: ${criterion.says}`, command: criterion.run }],
  );
  const named = (kind: string, list: { name: string; command: string }[]) =>
    list.map(({ name, command }) => ({ name: `${kind}: ${name}`, command }));
  return [...success, ...named('check', task.checks), ...named('ci', task.ci)];
}

async function phaseInputs(deps: Deps, { record }: RunContext, phase: PhaseName): Promise<Map<string, Uint8Array>> {
  const inputs = new Map<string, Uint8Array>();
  const { changeSet } = record.work;
  if (changeSet) {
    inputs.set('changeset.json', await deps.artifacts.get(changeSet.manifest));
    inputs.set('changeset.blobs', await deps.artifacts.get(changeSet.blobs));
  }
  if (isAskTopic(phase)) return inputs;
  if (record.work.plan) inputs.set('plan.json', await deps.artifacts.get(record.work.plan));
  if (record.work.handoff) inputs.set('handoff.md', await deps.artifacts.get(record.work.handoff));
  return inputs;
}

async function promptOf(
  deps: Deps,
  context: RunContext,
  request: PhaseRequest,
  lessons: readonly FrozenLesson[],
  remarks: readonly Remark[],
): Promise<string> {
  const { phase } = request;
  if (phase === 'verify') return '';
  return isAskTopic(phase)
    ? promptOfAsk(deps, context, phase, request, remarks)
    : phasePrompt(deps, context, phase, lessons, remarks);
}

async function phasePrompt(
  deps: Deps,
  context: RunContext,
  phase: WorkingPhase,
  lessons: readonly FrozenLesson[],
  remarks: readonly Remark[],
): Promise<string> {
  const { record, task } = context;
  const { work } = record;
  const feedback = await Promise.all(work.feedback.map((digest) => getText(deps.artifacts, digest)));
  const plan = work.plan && planSchema.parse(await getJson(deps.artifacts, work.plan));
  const handoff = work.handoff && (await getText(deps.artifacts, work.handoff));
  await recordSuspicions(deps, context, [
    ...(plan && plan.origin !== 'spec' ? [{ from: 'the plan', text: planMarkdown(plan) }] : []),
    ...(handoff ? [{ from: 'the notes of an earlier phase', text: handoff }] : []),
    ...feedback.map((text) => ({ from: 'verification and review', text })),
    ...work.answers.map(({ by, text }) => ({ from: `the answer of ${by}`, text })),
  ]);
  return buildPrompt({
    phase,
    spec: task.spec,
    constraints: task.constraints,
    work,
    feedback,
    lessons,
    ...(plan ? { plan } : {}),
    ...(handoff ? { handoff } : {}),
    remarks,
    hidden: await fileListOf(deps, context, 'hidden'),
  });
}
