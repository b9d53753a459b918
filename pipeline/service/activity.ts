import { z } from 'zod';
import { type PhaseEvent, phaseEvent, phaseNames, remarkEvent } from '../../core/run/phase.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';

/** An event, with the time at which it left the sandbox; absent in logs of an earlier version. */
export type TimedEvent = PhaseEvent & { at?: string };

/** Events that a phase reported while it ran, oldest first (R32). Telemetry. */
export interface Activity {
  /** `<runId>/<phase>/<round>/<attempt>`. */
  phaseKey: string;
  events: TimedEvent[];
}

const prefix = 'events:';
const loggedEvent = z.union([phaseEvent, remarkEvent]);

/** The stored event logs of ended phases, oldest first. Invalid lines (of a truncated log) are skipped. */
export async function activity(deps: Pick<Deps, 'artifacts'>, record: RunRecord): Promise<Activity[]> {
  const logs = Object.entries(record.work.results).filter(([name]) => name.startsWith(prefix));
  const phases = await Promise.all(
    logs.map(async ([name, digest]) => ({
      phaseKey: name.slice(prefix.length),
      events: new TextDecoder()
        .decode(await deps.artifacts.get(digest))
        .split('\n')
        .flatMap(reportOf),
    })),
  );
  return phases.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

function reportOf(line: string): TimedEvent[] {
  try {
    const { at, ...event } = JSON.parse(line) as { at?: unknown };
    const parsed = loggedEvent.safeParse(event);
    return parsed.success ? [{ ...parsed.data, ...(typeof at === 'string' ? { at } : {}) }] : [];
  } catch {
    return [];
  }
}

/** By the time of the first event; logs without times by round, in the order of a round. */
function orderOf({ phaseKey, events }: Activity): string {
  const at = events.find((event) => event.at !== undefined)?.at;
  const [, name = '', round = '', attempt = ''] = phaseKey.split('/');
  const place = phaseNames.indexOf(name as (typeof phaseNames)[number]);
  const first = name === 'plan' ? 0 : 1;
  return [at ?? '', first, round.padStart(4, '0'), place, attempt.padStart(4, '0')].join(' ');
}
