import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import { ownerAndRepo } from '../api/access.ts';
import { createClient } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';

/** Deliveries that are looked at; GitHub keeps them for days. */
const lookedAt = 20;
/** Repositories that are asked for one by one. */
const maxRepositories = 20;

/**
 * The GitHub App as its secret has it: whether it answers, is installed where the policy wants to work, and sends its
 * messages here, signed as we expect.
 */
export async function appChecks(
  app: { apiUrl: string; appId: number; privateKey: string },
  webhookUrl: string,
  repositories: string[],
): Promise<Check[]> {
  const { apiUrl, ...auth } = app;
  const client = createClient(apiUrl, { app: auth }, async () => undefined);
  try {
    const { data } = await client.apps.getAuthenticated();
    const rows = [pass('GitHub App', data?.slug ?? String(app.appId))];
    const missing: string[] = [];
    for (const repository of repositories.slice(0, maxRepositories)) {
      await client.apps.getRepoInstallation(ownerAndRepo(repository)).catch((error: unknown) => {
        if (statusOf(error) !== 404) throw error;
        missing.push(repository);
      });
    }
    if (missing.length > 0) {
      rows.push(
        fail('installation', `the App is not on ${missing.join(', ')}`, 'Install it there, on its GitHub page.'),
      );
    }
    return [...rows, ...(await webhookChecks(client, webhookUrl))];
  } catch (error) {
    const status = statusOf(error);
    const refused = status === 401 || status === 404;
    const remedy = refused
      ? 'Store the App’s id and a private key that is valid; see docs/rotation.md, Private key of the App.'
      : 'Try again; see githubstatus.com.';
    return [fail('GitHub App', status === undefined ? 'GitHub does not answer' : `GitHub answers ${status}`, remedy)];
  }
}

async function webhookChecks(client: ReturnType<typeof createClient>, webhookUrl: string): Promise<Check[]> {
  const { data } = await client.apps.getWebhookConfigForApp();
  const rows: Check[] = [];
  if (data.url !== webhookUrl) {
    const remedy = `Set it to ${webhookUrl} on the App’s page.`;
    rows.push(fail('webhook', data.url ? `it leads to ${data.url}` : 'the App has none', remedy));
  }
  if (data.content_type !== 'json') {
    rows.push(fail('webhook', 'its content type is form', 'Set it to application/json on the App’s page.'));
  }
  if (!data.secret) {
    rows.push(fail('webhook', 'it has no secret', 'Set the newest of webhookSecrets on the App’s page.'));
  }
  const { data: deliveries } = await client.apps.listWebhookDeliveries({ per_page: lookedAt });
  // GitHub shows stars in place of the secret: whether it is ours is seen by how what was sent last was answered.
  const newest = deliveries[0];
  if (newest?.status_code === 401) {
    const remedy = 'Put the secret of the App’s page first in webhookSecrets, or the other way round.';
    rows.push(fail('webhook', 'its secret is not the one that is stored here', remedy));
  } else if (newest !== undefined && (newest.status_code < 200 || newest.status_code > 299)) {
    const remedy = 'See the log of the function webhook.';
    rows.push(warn('webhook', `the last message was answered ${newest.status_code}`, remedy));
  }
  return rows.length > 0 ? rows : [pass('webhook', webhookUrl)];
}
