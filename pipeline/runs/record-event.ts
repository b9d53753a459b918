import type { RunEvent } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';

/** Records an event of a run, once per key. */
export async function record(
  deps: Pick<Deps, 'runs' | 'clock'>,
  runId: string,
  event: Omit<RunEvent, 'at'>,
): Promise<void> {
  await deps.runs.append(runId, { ...event, at: new Date(deps.clock.now()).toISOString() });
}
