import type { Octokit } from '@octokit/rest';
import type { GitHubAccess } from '../api/access.ts';
import { perPage } from '../api/pagination.ts';
import type { Message } from './intake.ts';

/** Deliveries looked at in one sweep: 2,000. What is older is found by the look at the branches. */
const maxPages = 20;

type Attempt = Awaited<ReturnType<Octokit['apps']['listWebhookDeliveries']>>['data'][number];

/**
 * Messages of the App's hook that never arrived since a moment in epoch milliseconds, oldest first: of each, the last
 * attempt failed and none succeeded. With a personal token there is no such list.
 */
export async function failedDeliveries(access: GitHubAccess, since: number): Promise<Message[]> {
  if (access.mode === 'token') return [];
  return access.app(async (octokit) => {
    const attempts = await attemptsSince(octokit, since);
    const arrived = new Set(attempts.filter(succeeded).map(({ guid }) => guid));
    // GitHub lists the newest first; of a message that was tried again, one attempt is enough.
    const lost = new Map(attempts.filter(({ guid }) => !arrived.has(guid)).map((attempt) => [attempt.guid, attempt]));
    const found: Message[] = [];
    for (const { id, event } of [...lost.values()].sort(byTime)) {
      const { data } = await octokit.apps.getWebhookDelivery({ delivery_id: id });
      if (data.request.payload) found.push({ event, body: JSON.stringify(data.request.payload) });
    }
    return found;
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
