import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { secretIn } from '../../../adapters/local/secret-variable.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { WebOptions } from '../../../web/options.ts';
import { callbackPath, createLogin } from '../../../web/security/login.ts';
import { createIssuer } from '../../../web/security/oidc.ts';
import { oneVisitor } from '../../../web/security/request-guard.ts';
import { createSeal } from '../../../web/security/sealed-cookie.ts';
import { sessionKeys } from './session-keys.ts';

/** Variable with the secret of the client at the issuer; absent for a public client. */
export const secretVariable = 'DRYDOCK_OIDC_CLIENT_SECRET';

export interface SignInOptions {
  oidc?: string;
  oidcClient?: string;
  publicUrl?: string;
}

type SignIn = Pick<WebOptions, 'authenticate' | 'hosts' | 'origin'>;

/** The pages of one machine for whoever reaches them: its user. */
export const forOneUser = (who: string): SignIn => ({ authenticate: oneVisitor(who, randomBytes(32)) });

/**
 * The pages of one machine for the people of the policy, who sign in through an OpenID Connect issuer.
 * @throws UsageError for options that do not belong together; SecretMissing.
 */
export async function forPeople(
  { oidc, oidcClient, publicUrl }: SignInOptions & { oidc: string },
  { policy, dataDir, audit }: { policy: Policy; dataDir: string; audit: NonNullable<WebOptions['audit']> },
): Promise<SignIn> {
  const issuer = addressOf('--oidc', oidc);
  if (oidcClient === undefined || oidcClient.trim() === '')
    throw usage('--oidc needs --oidc-client, the id of the client at the issuer.');
  if (publicUrl === undefined) throw usage('--oidc needs --public-url, the address that people open.');
  const origin = addressOf('--public-url', publicUrl).origin;
  const secret = await secretIn(secretVariable, process.env);
  if (Object.keys(policy.people).length === 0)
    throw usage('--oidc needs people in the policy, with their addresses or subjects.');
  return {
    authenticate: createLogin({
      issuer: createIssuer({
        issuer: oidc,
        clientId: oidcClient,
        clientSecret: async () => secret,
        redirectUri: `${origin}${callbackPath}`,
        now: Date.now,
      }),
      issuerName: issuer.href,
      seal: createSeal(sessionKeys(join(dataDir, 'sessions.json'), Date.now)),
      policy,
      now: Date.now,
      audit,
    }),
    hosts: [new URL(origin).hostname],
    origin,
  };
}

const usage = (message: string): DrydockError =>
  new DrydockError('UsageError', message, { remedy: 'See docs/sign-in.md, which has a whole example.' });

/** HTTPS, or HTTP on the loopback address, where nobody can listen in between. */
function addressOf(flag: string, text: string): URL {
  const url = URL.parse(text);
  const isLoopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url?.hostname ?? '');
  if (
    url &&
    url.search === '' &&
    url.hash === '' &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))
  )
    return url;
  throw usage(`${flag} takes an https URL without query or fragment, not ${JSON.stringify(text)}.`);
}
