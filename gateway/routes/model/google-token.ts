import { z } from 'zod';
import { BadRequest } from '../../context.ts';

/** The fields of a key file of a service account that are read. */
const keyFile = z.object({
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
  token_uri: z.url().default('https://oauth2.googleapis.com/token'),
});
const granted = z.object({ access_token: z.string(), expires_in: z.number() });

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const lifetime = '1h';
/** A token is replaced this long before it ends. */
const marginMs = 5 * 60_000;
const timeoutMs = 30_000;

/**
 * Access tokens for a service account of Google Cloud, each used until shortly before it ends
 * (https://developers.google.com/identity/protocols/oauth2/service-account#httprest).
 * @param json The account's key file.
 */
export function googleToken(json: string): () => Promise<string> {
  let current: Promise<{ token: string; until: number }> | undefined;
  return async () => {
    const held = await current?.catch(() => undefined);
    if (held === undefined || performance.now() > held.until) current = fetchToken(json);
    const { token } = await (current as NonNullable<typeof current>);
    return token;
  };
}

async function fetchToken(json: string): Promise<{ token: string; until: number }> {
  const start = performance.now();
  const key = keyFile.parse(JSON.parse(json));
  // Loaded here, because only phases with this provider need it.
  const { importPKCS8, SignJWT } = await import('jose');
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(key.private_key_id ? { kid: key.private_key_id } : {}) })
    .setIssuer(key.client_email)
    .setAudience(key.token_uri)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(await importPKCS8(key.private_key, 'RS256'));
  const answer = await fetch(key.token_uri, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!answer.ok) throw new BadRequest(502, `Google refused the service account (${answer.status})`);
  const { access_token: token, expires_in: seconds } = granted.parse(await answer.json());
  return { token, until: start + seconds * 1_000 - marginMs };
}
