import { DrydockError } from '../../../core/errors.ts';
import { checkpoint as checkpointSchema } from '../../../core/run/phase.ts';
import { openGate } from '../../gates/open-gate.ts';
import { getJson } from '../../runs/artifacts.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** A person checks the work before the agent continues (R21). */
export const checkpointGate: Step<'checkpoint-gate'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const context = await loadRunContext(deps, runId);
    refuseStopped(context.record);
    const digest = context.record.work.results.checkpoint;
    if (digest === undefined) throw new DrydockError('Internal', `Run ${runId} has no checkpoint.`);
    const reached = checkpointSchema.parse(await getJson(deps.artifacts, digest));
    await openGate(deps, context, 'CheckpointGate', {
      kind: 'checkpoint',
      round,
      token,
      head: context.record.work.changeSet?.manifest ?? digest,
      title: `Checkpoint: ${reached.name}`,
      text: reached.summary,
      outside: [{ from: 'the checkpoint', text: reached.summary }],
      eligible: context.task.approvers,
      required: 1,
    });
    return {};
  };
