import { partTaskId } from '../../core/campaign/derive.ts';
import { usdOf } from '../../core/money/format.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import { stateOf } from './parts.ts';

/** A part of a campaign as `run`, `status` and `show` print it with `--json`; users rely on this format. */
export interface PartView {
  id: string;
  taskId: string;
  title: string;
  role: string | null;
  agent: string | null;
  dependsOn: string[];
  targetPaths: string[];
  /** `planned`: not started; `waiting`: it runs and waits for a person; `again`: it will be done again. */
  status: 'planned' | 'running' | 'waiting' | 'done' | 'failed' | 'left-out' | 'again';
  round: number;
  /** Null before it starts. */
  runId: string | null;
  /** State of its run while it runs. */
  state: string | null;
  gate: string | null;
  /** Of all its rounds; while it runs, up to its last phase. */
  usd: { spent: number; cap: number };
  error: { name: string; message: string } | null;
  /** Whether its change is in the integrated one. */
  merged: boolean;
}

/** The parts of a campaign in the order of its plan; undefined for another run, or before there is a plan. */
export async function partsView(
  deps: Pick<Deps, 'runs' | 'artifacts'>,
  record: RunRecord,
): Promise<PartView[] | undefined> {
  if (record.parent !== undefined || record.work.plan === undefined) return undefined;
  const { parts } = planSchema.parse(await getJson(deps.artifacts, record.work.plan));
  if (!parts) return undefined;
  const campaign = stateOf(record);
  return Promise.all(
    parts.map(async (part): Promise<PartView> => {
      const state = campaign.parts[part.id];
      const run = state?.status === 'running' ? await deps.runs.get(state.runId) : undefined;
      const earlier = campaign.earlier
        .filter((each) => each.part === part.id)
        .reduce((sum, each) => sum + each.spentMicros, 0);
      return {
        id: part.id,
        taskId: partTaskId(record.taskId, part.id),
        title: part.title,
        role: part.role ?? null,
        agent: part.agent ?? null,
        dependsOn: part.depends_on,
        targetPaths: part.target_paths,
        status: run?.status === 'waiting' ? 'waiting' : (state?.status ?? 'planned'),
        round: state?.round ?? 1,
        runId: state === undefined || state.runId === '' ? null : state.runId,
        state: run?.state ?? null,
        gate: run?.gate ?? null,
        usd: {
          spent: usdOf(earlier + (state?.spentMicros ?? run?.spentMicros ?? 0)),
          cap: usdOf(state?.capMicros ?? 0),
        },
        error: state?.error ?? null,
        merged: campaign.merged.includes(part.id),
      };
    }),
  );
}
