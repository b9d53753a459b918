import type { Octokit } from '@octokit/rest';
import pLimit from 'p-limit';
import type { Check } from '../../../core/doctor/finding.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { missingEvents, missingPermissions } from '../api/app-manifest.ts';
import { type ClientAuth, createClient } from '../api/client.ts';
import type { GitHubConfig } from '../api/config.ts';
import { createPatience } from '../api/patience.ts';
import { fail, faultOf, pass, statusOf, warn } from './findings.ts';
import { type HostedRepository, type RepositoryAccess, repositoryChecks } from './repository.ts';
import { hookChecks, webhookChecks } from './webhook.ts';

/** Repositories checked concurrently. */
const atOnce = 4;

export type Fetch = typeof fetch;
type Rows = Check[];

/**
 * Checks the credentials, the app, its webhook, and each GitHub repository of the policy. It changes nothing on GitHub
 * except for read tokens, which it mints and revokes at once. Without credentials and GitHub repositories it returns no
 * rows.
 */
export async function githubChecks(
  config: GitHubConfig | undefined,
  policy: Policy,
  fetch: Fetch = globalThis.fetch,
): Promise<Rows> {
  const hosted = Object.entries(policy.repositories).flatMap(([name, repository]): HostedRepository[] =>
    repository.host === 'github' ? [{ name, ...repository }] : [],
  );
  if (!config) {
    return hosted.length === 0 ? [] : [fail('github', 'no credentials', 'Create the app: drydock github setup')];
  }
  const client = (auth: ClientAuth): Octokit =>
    createClient(
      config.apiUrl,
      auth,
      createPatience(undefined, async () => undefined),
      fetch,
    );
  return 'token' in config.auth
    ? tokenChecks(client({ token: config.auth.token }), config, hosted)
    : appChecks(client({ app: config.auth }), (token) => client({ token }), config, hosted);
}

async function appChecks(
  app: Octokit,
  as: (token: string) => Octokit,
  config: GitHubConfig,
  hosted: HostedRepository[],
): Promise<Rows> {
  const found = await app.rest.apps.getAuthenticated().then(
    ({ data }) => data,
    (error: unknown) => ({ fault: error }),
  );
  if (found === null || 'fault' in found) {
    return [credentialsFault(found?.fault, config.apiUrl, 'the app id and its private key')];
  }
  const { permissions, events, slug = '' } = found;
  const lacking = missingPermissions(permissions as Record<string, string>);
  const unsubscribed = missingEvents(events);
  const settings = `the app’s settings on ${new URL(config.gitUrl).host}`;
  const rows = [
    pass('github', `app ${slug}; commits are signed by GitHub, tokens are minted for each run and revoked`),
    lacking.length === 0
      ? pass('permissions', 'all granted')
      : fail(
          'permissions',
          `missing: ${lacking.join(', ')}`,
          `Grant them in ${settings}; each installation then accepts.`,
        ),
    unsubscribed.length === 0
      ? pass('events', 'all subscribed')
      : warn('events', `not subscribed to: ${unsubscribed.join(', ')}`, `Subscribe to them in ${settings}.`),
    ...(await webhookChecks(app, config.webhookSecrets)),
  ];
  return [...rows, ...(await each(hosted, (repository) => repositoryChecks(repository, installed(app, as))))];
}

/** Access to one repository with a token for that repository only, which is revoked after use. */
const installed =
  (app: Octokit, as: (token: string) => Octokit): RepositoryAccess =>
  async (repository, check) => {
    const [owner = '', repo = ''] = repository.name.split('/');
    const { data: installation } = await app.rest.apps.getRepoInstallation({ owner, repo });
    if (installation.suspended_at != null) {
      const detail = `${repository.name}: the installation is suspended`;
      return [warn('repository', detail, 'Unsuspend it in the settings of the account where it is installed.')];
    }
    const minted = await app.rest.apps.createInstallationAccessToken({
      installation_id: installation.id,
      repositories: [repo],
      permissions: { metadata: 'read', contents: 'read' },
    });
    const octokit = as(minted.data.token);
    try {
      return await check(octokit, {
        id: installation.id,
        lacking: missingPermissions(installation.permissions as Record<string, string>),
      });
    } finally {
      await octokit.rest.apps.revokeInstallationAccessToken().catch(() => undefined);
    }
  };

async function tokenChecks(octokit: Octokit, config: GitHubConfig, hosted: HostedRepository[]): Promise<Rows> {
  const found = await octokit.rest.users.getAuthenticated().catch((error: unknown) => ({ fault: error }));
  if ('fault' in found) return [credentialsFault(found.fault, config.apiUrl, 'the token')];
  // Tokens with fine-grained permissions have no scopes.
  const scopes = found.headers['x-oauth-scopes']?.split(',').map((scope) => scope.trim());
  const narrow = scopes !== undefined && !scopes.includes('repo');
  const mode = 'commit statuses instead of check runs, unsigned commits, nothing to mint or revoke';
  return [
    pass('github', `personal token of ${found.data.login}: ${mode}`),
    ...(narrow ? [fail('permissions', 'the token lacks the scope repo', 'Create one with that scope.')] : []),
    ...(await each(hosted, async (repository) => [
      ...(await repositoryChecks(repository, (_, check) => check(octokit))),
      ...(await hookChecks(octokit, repository.name, config.webhookSecrets)),
    ])),
  ];
}

function credentialsFault(error: unknown, apiUrl: string, what: string): Check {
  const status = statusOf(error);
  if (status === 401 || status === 403 || status === 404) {
    return fail('github', `GitHub does not accept ${what} (${status})`, 'Create a new app, or correct the variables.');
  }
  return fail(
    'github',
    `${faultOf(error)} at ${new URL(apiUrl).host}`,
    'Check the network, the proxy settings, and GITHUB_API_URL.',
  );
}

async function each<T>(items: readonly T[], check: (item: T) => Promise<Rows>): Promise<Rows> {
  const limit = pLimit(atOnce);
  return (await Promise.all(items.map((item) => limit(() => check(item))))).flat();
}
