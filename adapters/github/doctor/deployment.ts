import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import { ownerAndRepo } from '../api/access.ts';
import { createClient } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import { createPatience } from '../api/patience.ts';

/** Deliveries that are read; GitHub keeps them for days. */
const maxDeliveries = 20;
/** Repositories that are checked, with one call each. */
const maxRepositories = 20;

/**
 * Checks the GitHub App in the deployment's secret: it answers, it is installed on the repositories of the policy, and
 * its webhook points to this deployment and uses a secret that is stored here.
 */
export async function appChecks(
  app: { apiUrl: string; appId: number; privateKey: string },
  webhookUrl: string,
  repositories: string[],
): Promise<Check[]> {
  const { apiUrl, ...auth } = app;
  const client = createClient(
    apiUrl,
    { app: auth },
    createPatience(undefined, async () => undefined),
  );
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
        fail('installation', `the App is not installed on ${missing.join(', ')}`, 'Install it from its GitHub page.'),
      );
    }
    return [...rows, ...(await webhookChecks(client, webhookUrl))];
  } catch (error) {
    const status = statusOf(error);
    const refused = status === 401 || status === 404;
    const remedy = refused
      ? 'Store the App’s id and a valid private key; see docs/rotation.md, Private key of the App.'
      : 'Try again; see githubstatus.com.';
    return [fail('GitHub App', status === undefined ? 'GitHub does not answer' : `GitHub answers ${status}`, remedy)];
  }
}

async function webhookChecks(client: ReturnType<typeof createClient>, webhookUrl: string): Promise<Check[]> {
  const { data } = await client.apps.getWebhookConfigForApp();
  const rows: Check[] = [];
  if (data.url !== webhookUrl) {
    const remedy = `Set it to ${webhookUrl} on the App’s page.`;
    rows.push(fail('webhook', data.url ? `it points to ${data.url}` : 'the App has no webhook', remedy));
  }
  if (data.content_type !== 'json') {
    rows.push(fail('webhook', 'its content type is not JSON', 'Set it to application/json on the App’s page.'));
  }
  if (!data.secret) {
    rows.push(fail('webhook', 'it has no secret', 'Set the newest of webhookSecrets on the App’s page.'));
  }
  const { data: deliveries } = await client.apps.listWebhookDeliveries({ per_page: maxDeliveries });
  // GitHub masks the secret, so only the response to the newest delivery shows whether the two secrets are equal.
  const newest = deliveries[0];
  if (newest?.status_code === 401) {
    const remedy =
      'Store the secret of the App’s page first in webhookSecrets, or set the App’s secret to the first one there.';
    rows.push(fail('webhook', 'its secret differs from the one stored here', remedy));
  } else if (newest !== undefined && (newest.status_code < 200 || newest.status_code > 299)) {
    const remedy = 'See the log of the webhook function.';
    rows.push(warn('webhook', `the response to the last delivery was ${newest.status_code}`, remedy));
  }
  return rows.length > 0 ? rows : [pass('webhook', webhookUrl)];
}
