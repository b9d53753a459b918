import type { Octokit } from '@octokit/rest';
import type { GitHubAccess } from '../api/access.ts';
import { perPage } from '../api/pagination.ts';
import type { Message } from './intake.ts';

/** Pages that are read per sweep: 2,000 deliveries. The branch sweep finds the effect of older ones. */
const maxPages = 20;

type Attempt = Awaited<ReturnType<Octokit['apps']['listWebhookDeliveries']>>['data'][number];

/**
 * Deliveries of the App's webhook that failed since `since` (epoch milliseconds) and never succeeded, oldest first. A
 * personal token has no list of deliveries.
 */
export async function failedDeliveries(access: GitHubAccess, since: number): Promise<Message[]> {
  if (access.mode === 'token') return [];
  return access.app(async (octokit) => {
    const attempts = await attemptsSince(octokit, since);
    const arrived = new Set(attempts.filter(succeeded).map(({ guid }) => guid));
    // GitHub lists the newest first; one attempt per delivery is enough.
    const lost = new Map(attempts.filter(({ guid }) => !arrived.has(guid)).map((attempt) => [attempt.guid, attempt]));
    const found: Message[] = [];
    for (const { id, event } of [...lost.values()].sort(byTime)) {
      const { data } = await octokit.apps.getWebhookDelivery({ delivery_id: id });
      if (data.request.payload) found.push({ event, body: JSON.stringify(data.request.payload) });
    }
    return found;
  });
}

/** Repeated in one sweep: GitHub sends them at once. */
const maxRepeated = 100;

/**
 * Asks GitHub to send again what failed since `since` (epoch milliseconds) and never succeeded. What is sent again goes
 * through the webhook, and what arrives then is not asked for again. Deliveries that were tried less often come first, so
 * that those that fail always do not keep others waiting.
 * @returns How many GitHub was asked for.
 */
export async function repeatFailedDeliveries(access: GitHubAccess, since: number): Promise<number> {
  if (access.mode === 'token') return 0;
  return access.app(async (octokit) => {
    const tried = Map.groupBy(await attemptsSince(octokit, since), ({ guid }) => guid);
    const lost = [...tried.values()].filter((attempts) => !attempts.some(succeeded));
    const first = lost
      .flatMap((attempts) => (attempts.at(-1) ? [{ attempt: attempts.at(-1) as Attempt, times: attempts.length }] : []))
      .sort((a, b) => a.times - b.times || byTime(a.attempt, b.attempt))
      .slice(0, maxRepeated);
    for (const { attempt } of first) await octokit.apps.redeliverWebhookDelivery({ delivery_id: attempt.id });
    return first.length;
  });
}

async function attemptsSince(octokit: Octokit, since: number): Promise<Attempt[]> {
  const found: Attempt[] = [];
  let page = 0;
  for await (const { data } of octokit.paginate.iterator(octokit.apps.listWebhookDeliveries, { per_page: perPage })) {
    const recent = data.filter(({ delivered_at }) => Date.parse(delivered_at) >= since);
    found.push(...recent);
    if (recent.length < data.length || ++page >= maxPages) break;
  }
  return found;
}

const succeeded = ({ status_code: code }: Attempt): boolean => code >= 200 && code < 300;

const byTime = (a: Attempt, b: Attempt): number =>
  Date.parse(a.delivered_at) - Date.parse(b.delivered_at) || a.id - b.id;
