import type { PhaseEvent } from '../../core/run/phase.ts';
import type { TimedEvent } from '../../pipeline/service/activity.ts';

/** Events of a running phase that are kept for pages that are opened later; the log of an ended phase is stored whole. */
const maxEvents = 1_000;
const maxChars = 1_000_000;

export interface LiveLog {
  /** The event with its time. */
  add(runId: string, phaseId: string, event: PhaseEvent): TimedEvent;
  end(phaseId: string): void;
  /** What the running phases of a run have reported so far, oldest first. */
  of(runId: string): { phaseId: string; event: TimedEvent }[];
}

export function createLiveLog(now: () => number): LiveLog {
  const logs = new Map<string, { runId: string; events: TimedEvent[]; chars: number }>();
  return {
    add(runId, phaseId, event) {
      const timed = { ...event, at: new Date(now()).toISOString() };
      const log = logs.get(phaseId) ?? { runId, events: [], chars: 0 };
      log.events.push(timed);
      log.chars += JSON.stringify(timed).length;
      while (log.events.length > maxEvents || (log.chars > maxChars && log.events.length > 1))
        log.chars -= JSON.stringify(log.events.shift()).length;
      logs.set(phaseId, log);
      return timed;
    },
    end: (phaseId) => void logs.delete(phaseId),
    of: (runId) =>
      [...logs].flatMap(([phaseId, log]) =>
        log.runId === runId ? log.events.map((event) => ({ phaseId, event })) : [],
      ),
  };
}
