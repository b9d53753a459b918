import { z } from 'zod';
import { plan as planSchema } from '../../core/plan/schema.ts';
import type { CheckFacts } from '../../core/publish/check.ts';
import { phaseResult } from '../../core/run/phase.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { mayDecide } from '../view/run-item.ts';
import { stateWords } from '../view/words.ts';
import { verdictOf } from './verdict.ts';

const storedPhase = z.object({ result: phaseResult.optional() });

/** What the check of a run says now. */
export async function checkFacts(deps: Deps, context: RunContext): Promise<CheckFacts> {
  const { record, task } = context;
  const stored = record.gate === undefined ? undefined : await deps.gates.get(record.gate);
  const gate = record.status === 'waiting' ? stored : undefined;
  const plan =
    gate?.kind === 'plan' && record.kind === undefined && record.work.plan !== undefined
      ? planSchema.parse(await getJson(deps.artifacts, record.work.plan))
      : undefined;
  return {
    record,
    doing: stateWords(record).text,
    gate,
    may: gate ? mayDecide(gate) : [],
    phases: plan?.phases.length,
    ciGates: task.spec.review.ci_gates,
    verdict: await verdictOf(deps, context),
    baseTests: record.error?.name === 'BaselineRed' ? await redTests(deps, context) : undefined,
  };
}

/** The tests of the base that failed in the plan phase. */
async function redTests(deps: Deps, { record }: RunContext): Promise<CheckFacts['baseTests']> {
  const digest = record.work.results.plan;
  if (digest === undefined) return undefined;
  const { result } = storedPhase.parse(await getJson(deps.artifacts, digest));
  const tests = result?.commands.findLast(({ name }) => name.startsWith('baseline'))?.tests;
  return tests && { failed: tests.failed + tests.errors, total: tests.total };
}
