import { estimateTask } from '../../../core/money/estimate.ts';
import { formatUsd } from '../../../core/money/format.ts';
import { putJson } from '../../runs/artifacts.ts';
import { record as recordEvent } from '../../runs/record-event.ts';
import { loadRunContext } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** Estimates the cost before the run claims or spends anything; a dry run ends here. */
export const estimate: Step<'estimate'> =
  (deps) =>
  async ({ runId }) => {
    const { record, task } = await loadRunContext(deps, runId);
    const price = estimateTask(task);
    // What an agent is asked is not a task that could be done in another way.
    const advice = record.kind === undefined ? `; advice: ${price.advice.mode}, ${price.advice.costClass}` : '';
    const digest = await putJson(deps.artifacts, price);
    const endedAt = new Date(deps.clock.now()).toISOString();
    // Before the update, which ends a dry run: whoever follows a run stops reading events at its end.
    await recordEvent(deps, runId, {
      key: 'estimate',
      type: 'estimated',
      text: `${formatUsd(price.micros.expected)} expected, at most ${formatUsd(price.capMicros)}${advice}${price.priceNote === undefined ? '' : `. ${price.priceNote}`}`,
      data: { lowMicros: price.micros.low, expectedMicros: price.micros.expected, highMicros: price.micros.high },
    });
    await deps.runs.update(runId, (run) => ({
      ...run,
      state: 'Estimate',
      work: { ...run.work, results: { ...run.work.results, estimate: digest } },
      ...(record.dryRun ? { status: 'dry-run' as const, endedAt } : {}),
    }));
    return { expectedMicros: price.micros.expected };
  };
