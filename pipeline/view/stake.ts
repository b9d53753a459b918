import { z } from 'zod';
import { plannedPhases } from '../../core/plan/planned.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import { counted } from '../../core/plan/stake.ts';
import type { ChangeManifest } from '../../core/run/change-set.ts';
import { phaseResult } from '../../core/run/phase.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { testSummary } from './tests.ts';

const verified = z.object({ result: phaseResult.optional() });

/** What a change is, in a sentence: its files, its tests, and what the plan does not name. */
export async function reviewStake(
  { artifacts }: Pick<Deps, 'artifacts'>,
  { record }: RunContext,
  manifest: ChangeManifest,
): Promise<string> {
  const { plan, results } = record.work;
  const stored =
    results.verify === undefined ? undefined : verified.safeParse(await getJson(artifacts, results.verify)).data;
  const tests = testSummary(stored?.result?.commands ?? [], undefined);
  const planned =
    plan === undefined ? undefined : plannedPhases(planSchema.parse(await getJson(artifacts, plan)), manifest);
  const unplanned = planned ? [...planned.values()].filter((phase) => phase === undefined).length : 0;
  return [
    `${counted(manifest.entries.length, 'file')}.`,
    ...(tests === null
      ? []
      : [
          tests.total === null
            ? `Tests ${tests.ok ? 'pass' : 'fail'}.`
            : `Tests: ${tests.total - tests.failed} of ${tests.total} pass.`,
        ]),
    ...(unplanned === 0 ? [] : [`${counted(unplanned, 'file')} not planned.`]),
  ].join(' ');
}
