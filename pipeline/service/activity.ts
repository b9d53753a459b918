import { type PhaseEvent, phaseEvent } from '../../core/run/phase.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';

/** Events that a phase reported while it ran, oldest first (R32). Telemetry. */
export interface Activity {
  /** `<runId>/<phase>/<round>/<attempt>`. */
  phaseKey: string;
  events: PhaseEvent[];
}

const prefix = 'events:';

/** The stored event logs of ended phases. Invalid lines (of a truncated log) are skipped. */
export async function activity(deps: Pick<Deps, 'artifacts'>, record: RunRecord): Promise<Activity[]> {
  const logs = Object.entries(record.work.results).filter(([name]) => name.startsWith(prefix));
  return Promise.all(
    logs.map(async ([name, digest]) => ({
      phaseKey: name.slice(prefix.length),
      events: new TextDecoder()
        .decode(await deps.artifacts.get(digest))
        .split('\n')
        .flatMap(reportOf),
    })),
  );
}

function reportOf(line: string): PhaseEvent[] {
  try {
    const parsed = phaseEvent.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
