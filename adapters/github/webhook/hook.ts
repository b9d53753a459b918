import { setTimeout as delay } from 'node:timers/promises';
import { DrydockError } from '../../../core/errors.ts';
import { createClient } from '../api/client.ts';
import { hostError } from '../api/errors.ts';

interface AppCredential {
  /** Without a slash at the end. */
  apiUrl: string;
  appId: number;
  privateKey: string;
}

/** The one webhook that a GitHub App has. */
interface AppHook {
  /** From now on messages are signed with it. Doing it twice changes nothing. @throws HostForbidden and its like. */
  sign(secret: string): Promise<void>;
  /** @throws HostForbidden where GitHub does not take the credential, or knows another App by it. */
  test(): Promise<void>;
}

export function hookOf({ apiUrl, ...auth }: AppCredential): AppHook {
  const octokit = createClient(apiUrl, { app: auth }, delay);
  const asked = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      // Not as its cause: Octokit's error holds the request, and that the secret.
      throw hostError(error, what);
    }
  };
  return {
    async sign(secret) {
      const config = { secret, content_type: 'json', insecure_ssl: '0' };
      await asked('change the webhook secret of the app', () => octokit.apps.updateWebhookConfigForApp(config));
    },
    async test() {
      const { data } = await asked('read the app', () => octokit.apps.getAuthenticated());
      if (data?.id !== auth.appId) {
        throw new DrydockError('HostForbidden', `GitHub knows another app by that key than ${auth.appId}.`);
      }
    },
  };
}
