import type { GitHubAccess } from '../../adapters/github/api/access.ts';
import { createGitHubAccess } from '../../adapters/github/api/app.ts';
import { sealedAs, variable } from '../../common/deployment.ts';
import { secrets } from './secrets.ts';
import { clock, credentials } from './stores.ts';
import { vault } from './vault.ts';

const opened = new Map<string, GitHubAccess>();
/** The GitHub App's access, reopened when its secret has changed. */
export async function gitHubAccess(): Promise<GitHubAccess> {
  const { appId, privateKey, apiUrl, gitUrl } = await secrets().gitHubApp(variable('github'));
  const config = { apiUrl, gitUrl, auth: { appId, privateKey } };
  const key = JSON.stringify(config);
  const known = opened.get(key);
  if (known) return known;
  const { seal, open } = vault(sealedAs.credential);
  const access = createGitHubAccess(config, { credentials: credentials(), seal, open, now: clock.now });
  opened.clear();
  opened.set(key, access);
  return access;
}
