import { viewError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { lastFiring } from '../../core/trigger/schedule.ts';
import type { Deps } from '../deps.ts';
import { type HookOutcome, refused } from '../webhooks/outcome.ts';
import { fire } from './fire.ts';
import { type FoundRunbook, isValid, runbookBranch, runbooksAt, type TriggerPlace, triggerPlace } from './place.ts';

/** Later than that, a firing is said to be late: nothing looked at the schedules meanwhile. */
const lateMs = 15 * 60_000;

/** What a process keeps between two looks at the schedules, so that the second one costs a request for each head. */
export interface ScheduleMemory {
  /** Runbooks by repository, with the head that has them. */
  heads: Map<string, { commit: string; found: FoundRunbook[] }>;
  /** Since when a schedule is known, by its key. */
  since: Map<string, number>;
  /** Firings that were handled. */
  fired: Set<string>;
}

export const scheduleMemory = (): ScheduleMemory => ({ heads: new Map(), since: new Map(), fired: new Set() });

/**
 * Fires what schedules of the allowed runbooks are due: for each the newest time since it is known, at most 24 hours ago,
 * so that after a longer pause each one fires once. Any number of processes may look, at any time.
 */
export async function fireSchedules(
  deps: Deps,
  policy: Policy,
  memory: ScheduleMemory,
  signal?: AbortSignal,
): Promise<HookOutcome[]> {
  const outcomes: HookOutcome[] = [];
  for (const repository of Object.keys(policy.triggers?.runbooks ?? {})) {
    if (signal?.aborted) break;
    try {
      const place = triggerPlace(deps, policy, repository);
      const head = await runbookBranch(place);
      if (!head) {
        outcomes.push(refused(`${repository}: no trusted branch is named in full and exists, so no schedule is read`));
        continue;
      }
      for (const found of await runbooksOf(place, head.commit, memory))
        outcomes.push(...(await fireRunbook(deps, place, found, head, memory)));
    } catch (error) {
      // One repository does not hold up the others; the next look tries again.
      const { name, message } = viewError(error);
      outcomes.push(refused(`${repository}: ${name}: ${message}`));
    }
  }
  return outcomes;
}

async function runbooksOf(place: TriggerPlace, commit: string, { heads }: ScheduleMemory): Promise<FoundRunbook[]> {
  const kept = heads.get(place.repository);
  if (kept?.commit === commit) return kept.found;
  const found = (await runbooksAt(place, commit)).filter(({ runbook }) =>
    runbook?.triggers.some((trigger) => 'schedule' in trigger),
  );
  heads.set(place.repository, { commit, found });
  return found;
}

async function fireRunbook(
  deps: Deps,
  place: TriggerPlace,
  found: FoundRunbook,
  head: { branch: string; commit: string },
  memory: ScheduleMemory,
): Promise<HookOutcome[]> {
  const outcomes: HookOutcome[] = [];
  if (!isValid(found)) return outcomes;
  const now = deps.clock.now();
  for (const trigger of found.runbook.triggers) {
    if (!('schedule' in trigger)) continue;
    const { schedule, timezone, parameters = {} } = trigger;
    const id = JSON.stringify(['schedule-since', place.repository, found.name, schedule, timezone, parameters]);
    const since = memory.since.get(id) ?? Number(await deps.firings.claim(id, String(now)));
    memory.since.set(id, since);
    const at = lastFiring(trigger, since, now);
    if (at === undefined || memory.fired.has(`${id} ${at}`)) continue;
    const time = new Date(at).toISOString();
    const outcome = await fire(deps, place, {
      ...{ runbook: found, ...head, readAt: head.commit, parameters, kind: 'schedule' },
      what: `${schedule} ${timezone} at ${time}`,
      requester: place.policy.triggers?.requester ?? '',
      note: `Started by a schedule, at ${time}.`,
    });
    memory.fired.add(`${id} ${at}`);
    const minutes = Math.round((now - at) / 60_000);
    const late = outcome.outcome === 'done' && now - at > lateMs ? `, ${minutes} minutes late` : '';
    outcomes.push({ ...outcome, reason: `${outcome.reason}${late}` });
  }
  return outcomes;
}
