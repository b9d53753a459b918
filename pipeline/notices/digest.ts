import { type Notice, noticeOf } from '../../core/notification/notice.ts';
import { type DigestTime, digestSchedule } from '../../core/notification/quiet.ts';
import { approversOf, operatorsOf } from '../../core/policy/people.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Messages } from '../../core/ports/runtime/notifier.ts';
import { mayRead, readScope } from '../../core/review/readers.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { lastFiring } from '../../core/trigger/schedule.ts';
import { sprintOf } from '../admission/admission.ts';
import type { Deps } from '../deps.ts';
import { inbox } from '../view/lists.ts';
import type { RunItem } from '../view/run-item.ts';

/** Newest runs among which those are counted that ended since the last digest. */
const maxRuns = 1_000;
const pageSize = 100;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type DigestFacts = NonNullable<Notice['facts']['digest']>;

/**
 * Sends the digest of the last time that the policy names, to each approver and operator, and one for all to the channels
 * that many read. Every process finds the same time, whatever daylight saving does, so each digest is sent once.
 * @returns How many were sent.
 */
export async function sendDigest(deps: Deps, messages: Messages, policy: Policy): Promise<number> {
  const { digest: when } = policy.notify;
  if (!when) return 0;
  const now = deps.clock.now();
  const schedule = { schedule: digestSchedule(when), timezone: when.timezone };
  // A digest that was missed for a day is not sent any more.
  const at = lastFiring(schedule, now - dayMs, now);
  if (at === undefined) return 0;
  const done = `digest#${new Date(at).toISOString()}#all`;
  if (await messages.known(done)) return 0;
  // The first look after the policy got a digest is not the time for one.
  const first = Number(await deps.firings.claim('digest-since', String(now)));
  if (at < first) return 0;
  const since = lastFiring(schedule, 0, at - 2 * hourMs) ?? beforeThat(when, at);
  const [runs, waiting] = await Promise.all([endedSince(deps, since), inbox(deps)]);
  const people = [...new Set([...approversOf(policy), ...operatorsOf(policy)])];
  let sent = 0;
  for (const person of [...people, undefined]) {
    const key = `digest#${new Date(at).toISOString()}#${person ?? 'all'}`;
    if (await messages.known(key)) continue;
    const scope = person === undefined ? undefined : readScope(policy, person);
    const items = waiting.items.filter(
      (item) => mayRead(scope, item) && (person === undefined || item.gate?.may.includes(person)),
    );
    const seen = runs.filter((run) => mayRead(scope, run));
    const link = deps.pageLink('/');
    await messages.notify(
      noticeOf({
        key,
        kind: 'digest',
        to: person === undefined ? [] : [person],
        at: new Date(now).toISOString(),
        facts: { digest: { ...(await factsOf(deps, policy, seen, items)), since: iso(since), until: iso(at) } },
        ...(link === undefined ? {} : { link }),
      }),
    );
    sent += 1;
  }
  return sent;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Of weekdays, Monday's digest begins on Friday. A day has 23 to 25 hours. */
const beforeThat = ({ days }: DigestTime, at: number): number => at - (days === 'weekdays' ? 3 : 1) * dayMs;

/** Runs that ended since then, of the newest ones. */
async function endedSince(deps: Pick<Deps, 'runs'>, since: number): Promise<RunRecord[]> {
  const found: RunRecord[] = [];
  let before: string | undefined;
  for (let read = 0; read < maxRuns; read += pageSize) {
    const { runs, next } = await deps.runs.page({ limit: pageSize, before });
    found.push(...runs.filter(({ endedAt }) => endedAt !== undefined && Date.parse(endedAt) >= since));
    if (next === undefined) break;
    before = next;
  }
  return found;
}

async function factsOf(
  deps: Deps,
  policy: Policy,
  runs: readonly RunRecord[],
  waiting: readonly RunItem[],
): Promise<Omit<DigestFacts, 'since' | 'until'>> {
  const count = (...statuses: RunRecord['status'][]): number =>
    runs.filter(({ status }) => statuses.includes(status)).length;
  const oldest = waiting.toSorted((a, b) => ((a.gate?.openedAt ?? '') < (b.gate?.openedAt ?? '') ? -1 : 1));
  return {
    delivered: count('delivered'),
    rejected: count('rejected', 'cancelled'),
    failed: count('failed', 'over-budget'),
    waiting: waiting.length,
    waits: oldest.map(({ taskId, title, gate }) => {
      const link = gate && deps.pageLink(`/gates/${encodeURIComponent(gate.gateId)}`);
      return { taskId, title, openedAt: gate?.openedAt ?? '', ...(link ? { link } : {}) };
    }),
    budgets: await budgetsOf(deps, policy),
  };
}

async function budgetsOf(deps: Deps, policy: Policy): Promise<DigestFacts['budgets']> {
  const found: DigestFacts['budgets'] = [];
  for (const [team, plan] of Object.entries(policy.budgets)) {
    const sprint = sprintOf(plan, deps.clock.now());
    const budget = sprint && (await deps.ledger.budget(team, sprint.sprint));
    if (budget) found.push({ team, spentMicros: budget.settledMicros, limitMicros: budget.limitMicros });
  }
  return found;
}
