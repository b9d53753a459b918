import { createHash } from 'node:crypto';
import type { Part } from '../../core/campaign/part.ts';
import { type CampaignState, emptyCampaign } from '../../core/campaign/state.ts';
import { DrydockError } from '../../core/errors.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { runIdOf } from '../../core/task-spec/fingerprint.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';

/** The parts of the approved plan, and who wrote them: people in the spec, or the coordinator. */
export async function plannedParts(
  deps: Pick<Deps, 'artifacts'>,
  { record: { runId, work }, task }: Pick<RunContext, 'record' | 'task'>,
): Promise<{ parts: Part[]; written: 'spec' | 'plan' }> {
  const plan = work.plan === undefined ? undefined : planSchema.parse(await getJson(deps.artifacts, work.plan));
  if (!plan?.parts) throw new DrydockError('Internal', `The campaign ${runId} has no parts.`);
  const reviewed = JSON.stringify(plan.parts) === JSON.stringify(task.spec.campaign?.parts);
  return { parts: plan.parts, written: reviewed ? 'spec' : 'plan' };
}

export const stateOf = (record: RunRecord): CampaignState => record.campaign ?? emptyCampaign;

/** All runs of parts, those that were replaced by a later round too. */
export function partRuns(record: RunRecord): string[] {
  const { parts, earlier } = stateOf(record);
  return [...Object.values(parts), ...earlier].flatMap(({ runId }) => (runId === '' ? [] : [runId]));
}

/** Key of the run of a part: the same part of the same campaign in the same round has the same run. */
export function partKey(parentRunId: string, part: string, round: number): string {
  const hash = createHash('sha256');
  for (const each of [parentRunId, part, String(round)]) hash.update(`${Buffer.byteLength(each)}:`).update(each);
  return hash.digest('hex');
}

export const partRunId = (parentRunId: string, part: string, round: number): string =>
  runIdOf(partKey(parentRunId, part, round));

/** Parts with their money in micros, as the progress of the campaign needs them. */
export const funded = (parts: readonly Part[]) =>
  parts.map(({ id, depends_on, usd }) => ({
    id,
    depends_on,
    ...(usd === undefined ? {} : { usdMicros: Math.floor(usd * 1_000_000) }),
  }));
