import { z } from 'zod';
import type { Estimate } from '../../core/money/estimate.ts';
import { type Plan, plan as planSchema } from '../../core/plan/schema.ts';
import type { Said } from '../../core/remark/remark.ts';
import { criticalPathsOf } from '../../core/review/quorum.ts';
import { mayRead, type ReadScope } from '../../core/review/readers.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import { type Gate, isWait } from '../../core/run/gate.ts';
import { type CommandResult, phaseResult } from '../../core/run/phase.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { remarksOf } from '../commands/tell.ts';
import type { Deps } from '../deps.ts';
import { baseTests } from '../phases/baseline-cache.ts';
import { getJson } from '../runs/artifacts.ts';
import { accessRepository, loadTask } from '../runs/run-context.ts';
import { mayDecide, type RunItem, runItem } from './run-item.ts';
import { type StepView, stepsOf } from './steps.ts';
import { type TestSummary, testSummary } from './tests.ts';

/** How a constraint is held: by the guard, by a test, or not at all (`told`). */
interface ConstraintView {
  text: string;
  by: 'guard' | 'test' | 'told';
  detail: string;
}

/** A success criterion; `run` is its command, and null where nothing checks it but the tests. */
interface CriterionView {
  says: string;
  run: string | null;
  /** Result of its command in Verify; null before. */
  passed: boolean | null;
}

/** Who decides on a gate, and why so many. */
export interface GateFacts {
  gateId: string;
  required: number;
  approvals: string[];
  /** People whose vote would count now. */
  may: string[];
  /** Critical paths that the change touches, with the approvals that they need. */
  critical: { glob: string; reviewers: number; paths: string[] }[];
}

/** All that a page, a terminal or a message says about a run besides its change and its log. */
export interface RunDetail extends RunItem {
  instructions: string;
  specPath: string;
  targetBranch: string;
  constraints: ConstraintView[];
  criteria: CriterionView[];
  checkpoints: string[];
  agent: string;
  model: string | null;
  estimate: Estimate | null;
  plan: Plan | null;
  tests: TestSummary | null;
  /** Changed files of the newest change; 0 before there is one. */
  changedFiles: number;
  steps: StepView[];
  gates: GateFacts[];
  /** Attempts of the same task, oldest first, this run among them. */
  attempts: { runId: string; attempt: number; status: RunRecord['status'] }[];
  /** Constraints that people added at the plan gate, and their answers. */
  added: {
    constraints: string[];
    answers: { by: string; question: string; text: string }[];
    /** What people said while the run was under way. */
    remarks: Said[];
  };
  planApprovers: string[];
}

const storedVerify = z.object({ result: phaseResult.optional() });
const manifestPaths = z.object({ entries: z.array(z.object({ path: z.string() })) });

/** @param scope Attempts that its reader may not know of are left out. */
export async function runDetail(deps: Deps, record: RunRecord, scope?: ReadScope): Promise<RunDetail> {
  const task = await loadTask(deps, record);
  const { results, changeSet, plan } = record.work;
  const stored = async (digest: string | undefined): Promise<unknown> =>
    digest === undefined ? undefined : getJson(deps.artifacts, digest);
  const [gates, verify, estimate, planJson, manifest, attempts, base, remarks] = await Promise.all([
    deps.gates.byRun(record.runId),
    stored(results.verify),
    stored(results.estimate),
    stored(plan),
    stored(changeSet?.manifest),
    deps.runs.byTask(record.repository, record.taskId),
    baseTests(deps, { record, task, ...accessRepository(deps, task) }),
    remarksOf(deps, record.work),
  ]);
  const commands = storedVerify.safeParse(verify).data?.result?.commands ?? [];
  const paths = (manifestPaths.safeParse(manifest).data?.entries ?? []).map(({ path }) => path);
  const forPeople = gates.filter(({ kind }) => !isWait(kind));
  const open = forPeople.find(({ gateId }) => gateId === record.gate);
  const { spec } = task;
  return {
    ...runItem(record, open),
    instructions: spec.instructions,
    specPath: record.specPath,
    targetBranch: record.targetBranch,
    constraints: task.constraints.constraints.map(({ text, enforcedBy, detail }) => ({
      text,
      by: enforcedBy === 'advisory' ? 'told' : enforcedBy,
      detail,
    })),
    criteria: criteriaOf(task, commands),
    checkpoints: spec.checkpoints,
    agent: task.agent.name,
    model: task.agent.model ?? null,
    estimate: (estimate as Estimate | undefined) ?? null,
    // The plan of a run that asks for an answer is a form of its own: nobody made it.
    plan: planJson === undefined || record.kind !== undefined ? null : planSchema.parse(planJson),
    tests: testSummary(commands, base),
    changedFiles: paths.length,
    steps: stepsOf(
      record,
      gates,
      { planRequired: task.planRequired, ciGates: spec.review.ci_gates.length > 0 },
      deps.clock.now(),
    ),
    gates: forPeople.map((gate) => gateFacts(gate, task, paths)),
    attempts: attempts
      .filter((run) => !run.dryRun && mayRead(scope, run))
      .map(({ runId, attempt, status }) => ({ runId, attempt, status }))
      .sort((a, b) => a.attempt - b.attempt),
    added: { constraints: record.work.addedConstraints, answers: record.work.answers, remarks },
    planApprovers: forPeople.flatMap(({ kind, decision }) =>
      kind === 'plan' && decision?.outcome === 'approved' ? decision.by : [],
    ),
  };
}

function criteriaOf({ spec }: EffectiveTask, commands: readonly CommandResult[]): CriterionView[] {
  return spec.success_criteria.map((criterion) => {
    if (typeof criterion === 'string') return { says: criterion, run: null, passed: null };
    const ran = commands.find(({ name }) => name === `success: ${criterion.says}`);
    return { ...criterion, passed: ran ? ran.exitCode === 0 && !ran.timedOut : null };
  });
}

function gateFacts(gate: Gate, task: EffectiveTask, paths: readonly string[]): GateFacts {
  const critical =
    gate.kind !== 'review'
      ? []
      : criticalPathsOf(task, paths).map(({ paths: touched, ...rest }) => ({ ...rest, paths: touched.slice(0, 20) }));
  const { gateId, required, approvals } = gate;
  return { gateId, required, approvals, may: gate.status === 'pending' ? mayDecide(gate) : [], critical };
}
