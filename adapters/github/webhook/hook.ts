import { DrydockError } from '../../../core/errors.ts';
import { createClient } from '../api/client.ts';
import { hostError } from '../api/errors.ts';
import { createPatience } from '../api/patience.ts';

interface AppCredential {
  /** Without a trailing slash. */
  apiUrl: string;
  appId: number;
  privateKey: string;
}

/** The webhook of a GitHub App; an App has exactly one. */
interface AppHook {
  /** Sets the secret that signs deliveries from now on. Idempotent. @throws HostForbidden and the other host errors. */
  sign(secret: string): Promise<void>;
  /** @throws HostForbidden if GitHub rejects the credential, or if the key belongs to another App. */
  test(): Promise<void>;
}

export function hookOf({ apiUrl, ...auth }: AppCredential): AppHook {
  const octokit = createClient(apiUrl, { app: auth }, createPatience());
  const asked = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      // Octokit's error must not be the `cause`: it holds the request, which contains the secret.
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
        throw new DrydockError('HostForbidden', `The private key belongs to another app than ${auth.appId}.`);
      }
    },
  };
}
