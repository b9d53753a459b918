import type { EventEmitter } from 'node:events';
import { on } from 'node:events';
import type { RunEvent, RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import type { TimedEvent } from './activity.ts';
import { type RunView, shortView } from './view.ts';

export type WatchItem =
  | { kind: 'run'; run: Omit<RunView, 'events'> }
  | { kind: 'event'; event: RunEvent }
  | { kind: 'phase'; phaseId: string; event: TimedEvent };

/**
 * Earlier events first, then new events and changes, until the signal.
 * @param soFar What the running phases have reported.
 */
export async function* watch(
  deps: Deps,
  bus: EventEmitter,
  runId: string,
  signal: AbortSignal,
  soFar: () => { phaseId: string; event: TimedEvent }[] = () => [],
): AsyncGenerator<WatchItem> {
  const live = on(bus, runId, { signal });
  const seen = new Set<string>();
  for (const event of await deps.runs.events(runId)) {
    seen.add(event.key);
    yield { kind: 'event', event };
  }
  const record = await deps.runs.get(runId);
  if (record) yield { kind: 'run', run: await shortView(deps, record) };
  for (const { phaseId, event } of soFar()) yield { kind: 'phase', phaseId, event };
  try {
    for await (const [item] of live as AsyncIterable<[WatchItem | { kind: 'record'; record: RunRecord }]>) {
      if (item.kind === 'record') yield { kind: 'run', run: await shortView(deps, item.record) };
      else if (item.kind !== 'event') yield item;
      else if (!seen.has(item.event.key)) {
        // A state that is entered again, such as a campaign's Dispatch, appends its events again.
        seen.add(item.event.key);
        yield item;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
