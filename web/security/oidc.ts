import * as oidc from 'openid-client';
import { RequestRefused } from '../request-refused.ts';

interface IssuerOptions {
  /** Issuer identifier, exactly as in its metadata. */
  issuer: string;
  clientId: string;
  /** Undefined for a public client, which only PKCE protects. Called before each login. */
  clientSecret(): Promise<string | undefined>;
  /** Our redirect URI, as registered with the issuer. */
  redirectUri: string;
  now(): number;
}

/** The identity of a person, from the issuer. */
export interface Identity {
  subject: string;
  /** Only if the issuer has verified it. */
  email?: string;
}

interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
}

export interface Issuer {
  /** Begins a login. */
  begin(): Promise<{ url: URL; attempt: Attempt }>;
  /** @param search Query of the callback. @throws RequestRefused when it does not belong to this attempt. */
  finish(search: string, attempt: Attempt): Promise<Identity>;
}

/** Cache time of the issuer's metadata. The library refreshes the keys itself. */
const freshMs = 3_600_000;
/** Timeout of requests to the issuer. */
const timeoutSeconds = 8;
const scope = 'openid email';

/**
 * OpenID Connect's authorization code flow with PKCE, state and nonce. The signature of the token is checked, although
 * the token comes directly from the issuer.
 */
export function createIssuer(options: IssuerOptions): Issuer {
  const { issuer, clientId, redirectUri, now } = options;
  const server = new URL(issuer);
  const insecure = server.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(server.hostname);
  const prepare = (config: oidc.Configuration): oidc.Configuration => {
    config.timeout = timeoutSeconds;
    if (insecure) oidc.allowInsecureRequests(config);
    oidc.enableNonRepudiationChecks(config);
    return config;
  };

  let known: { metadata: Promise<oidc.ServerMetadata>; at: number } | undefined;
  const metadata = (): Promise<oidc.ServerMetadata> => {
    if (known && now() - known.at < freshMs) return known.metadata;
    const execute = insecure ? [oidc.allowInsecureRequests] : [];
    const found = oidc
      .discovery(server, clientId, undefined, oidc.None(), { execute, timeout: timeoutSeconds })
      .then((config) => config.serverMetadata());
    const entry = { metadata: found, at: now() };
    known = entry;
    found.catch(() => {
      if (known === entry) known = undefined;
    });
    return found;
  };
  let made: { from: oidc.ServerMetadata; secret: string | undefined; config: oidc.Configuration } | undefined;
  const client = async (): Promise<oidc.Configuration> => {
    const [from, secret] = await Promise.all([metadata(), options.clientSecret()]);
    if (made?.from === from && made.secret === secret) return made.config;
    const config = prepare(new oidc.Configuration(from, clientId, undefined, authentication(from, secret)));
    made = { from, secret, config };
    return config;
  };

  return {
    async begin() {
      const attempt = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(await client().catch(away), {
        redirect_uri: redirectUri,
        scope,
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
      });
      return { url, attempt };
    },
    async finish(search, { state, nonce, verifier }) {
      const config = await client().catch(away);
      // Built from the registered URI, because the host of the request is not trusted.
      const url = new URL(`${redirectUri}${search}`);
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      const tokens = await oidc.authorizationCodeGrant(config, url, checks).catch(refused);
      const claims = tokens.claims();
      if (!claims) throw notSigned('the issuer sent no identity token');
      const { sub: subject } = claims;
      if (claims.email !== undefined || !config.serverMetadata().userinfo_endpoint)
        return { subject, ...verified(claims) };
      // Many issuers send the address only from the userinfo endpoint.
      const more = await oidc.fetchUserInfo(config, tokens.access_token, subject).catch(refused);
      return { subject, ...verified(more) };
    },
  };
}

function authentication(server: oidc.ServerMetadata, secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') ? oidc.ClientSecretBasic(secret) : oidc.ClientSecretPost(secret);
}

const verified = ({ email, email_verified }: Record<string, unknown>): { email?: string } =>
  email_verified === true && typeof email === 'string' ? { email } : {};

const again = 'Sign in again; if this fails again, ask the operator of these pages.';
const notSigned = (reason: string): RequestRefused =>
  new RequestRefused(403, `You are not signed in: ${reason}.`, again);

/** Shows only the code of the library's error, because its message may quote a token. */
function refused(error: unknown): never {
  if (error instanceof oidc.AuthorizationResponseError) throw notSigned(`the issuer answered ${plain(error.error)}`);
  if (error instanceof oidc.ResponseBodyError) throw notSigned(`the issuer refused the code (${plain(error.error)})`);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  throw notSigned(`the response does not belong to this login (${plain(code)})`);
}

function away(): never {
  throw new RequestRefused(503, 'The sign-in issuer does not answer.', 'Try again in a minute.');
}

/** Error codes have only these characters; anything else is not shown. */
const plain = (code: string): string => (/^[\w.-]{1,80}$/.test(code) ? code : 'an error');
