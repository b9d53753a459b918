import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { plannedPhases } from '../../core/plan/planned.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import { promptVersion } from '../../core/prompt/build.ts';
import type { FileSize, PublishFacts, RoundFact } from '../../core/publish/facts.ts';
import { criticalPathsOf } from '../../core/review/quorum.ts';
import type { Gate } from '../../core/run/gate.ts';
import type { Refusal, Traffic } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { reviewTextOf } from '../asks/review.ts';
import { partFacts } from '../campaign/facts.ts';
import { partRuns } from '../campaign/parts.ts';
import { remarksOf } from '../commands/tell.ts';
import type { Deps } from '../deps.ts';
import { baseTests } from '../phases/baseline-cache.ts';
import { attentionOf } from '../phases/guard-task.ts';
import { getJson, loadChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { testSummary } from '../view/tests.ts';
import { agentFailureOf, fileListOf } from './last-round.ts';
import { expectedOf } from './verdict.ts';

/**
 * Collects the facts for commit and pull request from record, artifacts and gates.
 * @param sizes Lines by path; empty if the change is too large to be compared.
 */
export async function publishFacts(
  deps: Deps,
  context: RunContext,
  sizes: ReadonlyMap<string, FileSize>,
): Promise<PublishFacts> {
  const { record, task } = context;
  const { plan, changeSet, results } = record.work;
  if (plan === undefined || !changeSet || results.verify === undefined || record.base === undefined) {
    throw new DrydockError('Internal', `Run ${record.runId} is published without plan, change or verification.`);
  }
  const change = await loadChange(deps.artifacts, changeSet);
  const approved = planSchema.parse(await getJson(deps.artifacts, plan));
  const phases = plannedPhases(approved, change.manifest);
  const verify = (await getJson(deps.artifacts, results.verify)) as Omit<PhaseEnd, 'artifacts'>;
  const gates = await deps.gates.byRun(record.runId);
  return {
    runId: record.runId,
    link: deps.runLink(record.runId),
    taskId: record.taskId,
    title: record.title,
    instructions: task.spec.instructions,
    specPath: record.specPath,
    specBlob: record.specBlob,
    policyDigest: record.policyDigest,
    promptVersion,
    base: record.base,
    agent: task.agent.name,
    model: task.agent.model,
    requester: record.requester,
    planApprovers: gates.flatMap(({ kind, decision }) =>
      kind === 'plan' && decision?.outcome === 'approved' ? decision.by : [],
    ),
    solo: task.solo,
    trigger: record.trigger,
    runbook: record.runbook,
    lessons: record.work.lessons?.used ?? [],
    plan: approved,
    files: change.manifest.entries.map(({ path, op }) => ({
      path,
      op,
      phase: phases.get(path),
      ...defined({ size: sizes.get(path) }),
    })),
    critical: criticalPathsOf(task, [...phases.keys()]).map(({ glob, reviewers }) => ({ glob, reviewers })),
    rounds: roundsOf(gates),
    added: gates.flatMap(({ decision }) =>
      decision?.constraint === undefined ? [] : [{ by: decision.by, constraint: decision.constraint }],
    ),
    answers: record.work.answers,
    remarks: await remarksOf(deps, record.work),
    tests: testSummary(verify.result?.commands ?? [], await baseTests(deps, context)),
    constraints: task.constraints.constraints,
    verify: {
      commands: verify.result?.commands ?? [],
      versions: verify.result?.versions ?? {},
      enforcer: verify.enforcer,
    },
    agentFailure: await agentFailureOf(deps, context),
    reviews: await reviewTextOf(deps, record),
    hidden: await fileListOf(deps, context, 'hidden'),
    flipped: await fileListOf(deps, context, 'flipped'),
    ...(await attentionOf(deps, context, change)),
    refusals: await refusalsOf(deps, results),
    parts: await partFacts(deps, record, approved.parts ?? [], change.manifest),
    ...(await totalOf(deps, record)),
    capMicros: record.capMicros,
    expectedMicros: await expectedOf(deps, record),
    commands: context.host.collaboration !== undefined,
  };
}

/** What led to each commit after the first: a review that asked for a change, or a failed CI gate. */
const roundsOf = (gates: readonly Gate[]): RoundFact[] =>
  gates
    .flatMap(({ kind, decision }) =>
      decision &&
      ((kind === 'review' && decision.outcome === 'revise') || (kind === 'ci' && decision.outcome === 'red'))
        ? [decision]
        : [],
    )
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .map(({ by, text }, i) => ({ round: i + 2, by, text }));

/** The cost so far; of a campaign with its parts, whose money the record has already. */
async function totalOf(deps: Deps, record: RunRecord): Promise<Pick<PublishFacts, 'usdMicros' | 'tokens'>> {
  const tokens = { ...record.tokens };
  for (const runId of partRuns(record)) {
    const run = await deps.runs.get(runId);
    for (const kind of ['input', 'output', 'cached'] as const) tokens[kind] += run?.tokens[kind] ?? 0;
  }
  return { usdMicros: record.spentMicros, tokens };
}

/** Refused outgoing requests of all phases. */
export const refusalsOf = (deps: Pick<Deps, 'artifacts'>, results: Record<string, string>): Promise<Refusal[]> =>
  listsOf<Refusal>(deps, results, 'refusals:');

/** Outgoing traffic of all phases, phase by phase. */
export const trafficOf = (deps: Pick<Deps, 'artifacts'>, results: Record<string, string>): Promise<Traffic[]> =>
  listsOf<Traffic>(deps, results, 'traffic:');

async function listsOf<T>(
  deps: Pick<Deps, 'artifacts'>,
  results: Record<string, string>,
  prefix: string,
): Promise<T[]> {
  const digests = Object.entries(results).filter(([name]) => name.startsWith(prefix));
  const lists = await Promise.all(digests.map(([, digest]) => getJson(deps.artifacts, digest)));
  return (lists as T[][]).flat();
}
