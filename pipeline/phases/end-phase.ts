import { isAskTopic } from '../../core/ask/names.ts';
import { partFaults } from '../../core/campaign/faults.ts';
import { defined } from '../../core/defined.ts';
import { causeOf, isErrorName } from '../../core/errors.ts';
import { derivePlan } from '../../core/plan/derive.ts';
import { parsePlan } from '../../core/plan/parse.ts';
import type { Plan } from '../../core/plan/schema.ts';
import type { PhaseReply, WorkPatch } from '../../core/ports/store/phases.ts';
import { checkpointsLeft } from '../../core/run/checkpoints.ts';
import type { Checkpoint, PhaseName, PhaseResult } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import { flakyTests, flakyText } from '../../core/run/test-report.ts';
import { lastLines } from '../../core/text/last-lines.ts';
import { endOfAsk } from '../asks/end.ts';
import { actedReviews, whyNoReview } from '../asks/review.ts';
import type { Deps } from '../deps.ts';
import { checkpointMissed, type PhaseAnswer } from '../payloads.ts';
import { getText, putJson, putText, storeChange } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { loadRunContext, type RunContext } from '../runs/run-context.ts';
import { answerPhase } from './answer-phase.ts';
import { baseTests, baseTestsOf, rememberBaseline } from './baseline-cache.ts';
import { verifyVerdict } from './evidence.ts';
import { failedVerify } from './failed-verify.ts';
import { readChange } from './read-change.ts';

/** A failure inside a phase; `fault` is the error name that the state machine catches. */
class PhaseFault extends Error {
  readonly fault: string;
  readonly remedy: string | undefined;
  constructor(fault: string, message: string, remedy?: string) {
    super(message);
    this.fault = fault;
    this.remedy = remedy;
  }
}

/**
 * Checks the result of an ended phase and answers its token. Called by the launcher, the stop event and the reconciler.
 * The metered calls are charged even if the phase failed.
 */
export async function endPhase(deps: Deps, phaseId: string, attempt: number, end: PhaseEnd): Promise<void> {
  const phase = await deps.phases.get(phaseId);
  if (!phase) return;
  await deps.ledger.recordCalls(phase.runId, end.calls);
  if (phase.answer || phase.attempt !== attempt) return;
  const context = await loadRunContext(deps, phase.runId);
  const name = phase.request.phase;
  const patch = await evidencePatch(deps, name, end);
  await rememberBaseline(deps, context, phase.request, end);
  let reply: PhaseReply;
  try {
    const done = await outcomeOf(deps, context, phase.request, end);
    reply = {
      output: done.answer,
      patch: { ...patch, ...done.patch, results: { ...patch.results, ...done.patch.results } },
    };
  } catch (error) {
    if (!(error instanceof PhaseFault)) throw error;
    const { fault, message, remedy } = error;
    const told = name === 'review' ? await whyNoReview(deps, phase.request, fault, message) : {};
    reply = {
      error: fault,
      cause: causeOf({ name: fault, message, ...defined({ remedy }) }),
      patch: { ...patch, results: { ...patch.results, ...told } },
    };
  }
  await recordEvent(deps, phase.runId, {
    key: `phase#${phaseId}/${attempt}#end`,
    type: 'phase-ended',
    text: 'error' in reply ? `${name}: ${reply.error}` : `${name}: ${(reply.output as PhaseAnswer).outcome}`,
    data: {
      ms: end.ms,
      usdMicros: end.calls.reduce((sum, call) => sum + call.usdMicros, 0),
      refusals: end.refusals.length,
    },
  });
  await answerPhase(deps, phaseId, attempt, reply);
}

/** Stores result, refusals, traffic and log as artifacts of the run, named by phase. */
async function evidencePatch(deps: Deps, name: PhaseName, end: PhaseEnd): Promise<WorkPatch> {
  const results: Record<string, string> = {};
  const { artifacts: _bytes, ...facts } = end;
  results[name] = await putJson(deps.artifacts, facts);
  if (end.refusals.length > 0) results[`refusals:${end.phaseKey}`] = await putJson(deps.artifacts, end.refusals);
  if (end.traffic.length > 0) results[`traffic:${end.phaseKey}`] = await putJson(deps.artifacts, end.traffic);
  const tests = baseTestsOf(end);
  if (tests !== undefined) results.baseTests = await putJson(deps.artifacts, tests);
  const log = end.artifacts.get('events.ndjson');
  if (log) results[`events:${end.phaseKey}`] = await deps.artifacts.put(log);
  return { results, durations: { [end.phaseKey.slice(end.phaseKey.indexOf('/') + 1)]: end.ms } };
}

interface Done {
  answer: PhaseAnswer;
  patch: WorkPatch;
}

async function outcomeOf(deps: Deps, context: RunContext, request: PhaseRequest, end: PhaseEnd): Promise<Done> {
  const name = request.phase;
  if (end.failure?.name === 'Cancelled' && context.record.stop) {
    throw new PhaseFault(context.record.stop.as, `${context.record.stop.reason} (${context.record.stop.by})`);
  }
  if (end.failure)
    throw isErrorName(end.failure.name)
      ? new PhaseFault(end.failure.name, end.failure.message, end.failure.remedy)
      : new PhaseFault('SandboxLost', end.failure.message);
  const { result } = end;
  if (!result) throw new PhaseFault('SandboxLost', 'The sandbox ended without a result.');
  if (name === 'verify') return verified(deps, context, result);
  // An agent's exit code is telemetry (law 3): Verify judges the change, even if the agent failed.
  const changedAnyway = result.error?.name === 'AgentFailed' && result.changeSet && name !== 'plan';
  if (result.outcome === 'failed' && !changedAnyway) {
    const fault = result.error?.name ?? 'AgentFailed';
    const message = result.error?.message ?? 'The phase failed without a reason.';
    throw new PhaseFault(isErrorName(fault) ? fault : 'ResultInvalid', withUnreached(message, end));
  }
  if (isAskTopic(name)) {
    const asked = await endOfAsk(deps, context, name, request, end, result);
    if ('fault' in asked) throw new PhaseFault(asked.fault, withUnreached(asked.message, end));
    return asked;
  }
  const patch: WorkPatch = {};
  if (result.handoff !== undefined) patch.handoff = await putText(deps.artifacts, result.handoff);
  if (name !== 'plan' && result.changeSet) {
    const change = readChange(end.artifacts, context.record.base ?? '');
    if (change instanceof Error) throw new PhaseFault('ResultInvalid', change.message);
    patch.changeSet = await storeChange(deps.artifacts, change);
    patch.results = {
      hidden: await putJson(deps.artifacts, result.hidden ?? []),
      flipped: await putJson(deps.artifacts, result.flipped ?? []),
      ...defined({ reviews: await actedReviews(deps, context.record, change) }),
    };
    patch.clearFeedback = true;
  }
  if (result.outcome === 'question' && result.question) {
    patch.results = { ...patch.results, question: await putJson(deps.artifacts, result.question) };
    return { answer: { outcome: 'question', approval: false, reason: '' }, patch };
  }
  if (result.outcome === 'checkpoint' && result.checkpoint && name !== 'plan') {
    patch.results = { ...patch.results, checkpoint: await putJson(deps.artifacts, result.checkpoint) };
    patch.checkpoints = [result.checkpoint.name];
    return { answer: { outcome: 'checkpoint', approval: false, reason: '' }, patch };
  }
  if (name === 'plan') {
    patch.plan = await putJson(deps.artifacts, await planOf(deps, context, end, result));
    return { answer: { outcome: 'planned', approval: context.task.planRequired, reason: '' }, patch };
  }
  const unchanged = !patch.changeSet || (await isEmpty(deps, patch.changeSet, context.record.work.given));
  if (unchanged) {
    const { error } = result;
    throw error?.name === 'AgentFailed'
      ? new PhaseFault('AgentFailed', withUnreached(`It changed nothing: ${error.message}`, end))
      : new PhaseFault('NoChanges', withUnreached('The agent ended, but no file differs from the base.', end));
  }
  const agentFailure = await agentFailed(deps, context, end, result);
  if (agentFailure !== undefined) patch.results = { ...patch.results, agentFailure };
  const missed = checkpointsLeft(context.task.spec.checkpoints, context.record.work.checkpoints);
  if (missed.length > 0) {
    patch.results = { ...patch.results, checkpoint: await putJson(deps.artifacts, missedCheckpoint(missed)) };
    patch.checkpoints = missed;
    return { answer: { outcome: 'checkpoint', approval: false, reason: checkpointMissed }, patch };
  }
  return { answer: { outcome: 'built', approval: false, reason: '' }, patch };
}

/**
 * What people have to know of an agent that failed and left a change: the digest of a text, which is empty after a round
 * in which the agent did not fail.
 */
async function agentFailed(
  deps: Deps,
  { record }: RunContext,
  { phaseKey }: PhaseEnd,
  { error, changeSet, agent }: PhaseResult,
): Promise<string | undefined> {
  const failed = error?.name === 'AgentFailed' && changeSet;
  if (!failed) return record.work.results.agentFailure === undefined ? undefined : putText(deps.artifacts, '');
  const text = `AgentFailed: the agent exited with ${agent?.exitCode ?? 'a signal'} after it had changed files, so the change may be half done.\n${error.message.slice(-1_000)}`;
  await recordEvent(deps, record.runId, { key: `agent-failed#${phaseKey}`, type: 'agent-failed', text });
  return putText(deps.artifacts, text);
}

/** A checkpoint of the spec pauses the run, even if the agent did not stop at it. */
const missedCheckpoint = (names: string[]): Checkpoint => ({
  name: names.join(', ').slice(0, 200),
  summary: 'The agent did not stop here and has completed its work. Approve to verify and publish the change.',
});

/** A failure, and if so, that none of the agent's calls reached its model: agents rarely say it. */
function withUnreached(message: string, { calls }: PhaseEnd): string {
  const providers = [...new Set(calls.map(({ provider }) => provider))].join(' and ');
  const unreached = calls.length > 0 && calls.every(({ charged }) => charged === 'not-sent');
  return [
    message.trim(),
    ...(unreached ? [`None of its ${calls.length} calls reached the model provider ${providers}: is it running?`] : []),
  ].join('\n');
}

async function planOf(deps: Deps, context: RunContext, end: PhaseEnd, result: PhaseResult) {
  if (result.plan === undefined) {
    if (context.task.agent.plans)
      throw new PhaseFault('AgentFailed', withUnreached(`The agent wrote no plan.\n${lastOutput(result)}`, end));
    const asked = await Promise.all(context.record.work.feedback.map((digest) => getText(deps.artifacts, digest)));
    return withParts(context, derivePlan(context.task.spec, context.task.constraints, asked));
  }
  let plan: Plan;
  try {
    plan = parsePlan(result.plan, 'agent');
  } catch (error) {
    throw new PhaseFault('ResultInvalid', error instanceof Error ? error.message : String(error));
  }
  return withParts(context, plan);
}

/** The plan with the parts of its campaign: those of the spec, which people have reviewed, else those that it proposes. */
function withParts({ task }: RunContext, { parts: proposed, ...plan }: Plan): Plan {
  const { campaign } = task.spec;
  if (!campaign) return plan;
  const parts = campaign.parts ?? proposed;
  if (!parts)
    throw new PhaseFault(
      'ResultInvalid',
      'The plan of a campaign has no parts.',
      'List them under campaign.parts in the spec, or use a coordinator that plans.',
    );
  const faults = partFaults(parts, task);
  if (faults.length > 0) throw new PhaseFault('ResultInvalid', faults.join('\n'));
  return { ...plan, parts };
}

async function verified(deps: Deps, context: RunContext, result: PhaseResult): Promise<Done> {
  const { passed, text } = verifyVerdict(context.task, result, await baseTests(deps, context));
  const flaky = flakyTests(result.commands);
  if (flaky) {
    const digest = context.record.work.changeSet?.manifest ?? '';
    await recordEvent(deps, context.record.runId, {
      key: `flaky#${digest}`,
      type: 'tests-flaky',
      text: flakyText(flaky),
    });
  }
  if (passed)
    return {
      answer: { outcome: 'passed', approval: false, reason: '' },
      patch: { clearFeedback: true, verifiedAt: deps.clock.now() },
    };
  return failedVerify(deps, context, 'VerifyFailed', text);
}

/** @param given What a part started from, which is not its own change. */
async function isEmpty(deps: Deps, { manifest }: { manifest: string }, given?: { manifest: string }): Promise<boolean> {
  if (manifest === given?.manifest) return true;
  const stored = JSON.parse(new TextDecoder().decode(await deps.artifacts.get(manifest))) as { entries: unknown[] };
  return given === undefined && stored.entries.length === 0;
}

const lastOutput = (result: PhaseResult): string => lastLines(result.commands.at(-1)?.output ?? '');
