/** A real OpenID Connect issuer on loopback: signs in whoever types a name it knows, as its development pages do. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export interface TestIssuer {
  url: string;
  /** Begins to serve one client. @param clientSecret Undefined for a public client. */
  serve(redirectUri: string, clientSecret?: string): void;
  /** What went wrong there, in its own words. */
  faults: string[];
  close(): Promise<void>;
}

/** @param accounts What the issuer says of each subject. */
export async function startIssuer(accounts: Record<string, Record<string, unknown>>): Promise<TestIssuer> {
  let listener: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => listener(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const faults: string[] = [];
  return {
    url,
    faults,
    serve(redirectUri, clientSecret) {
      const provider = new Provider(url, {
        clients: [
          {
            client_id: 'drydock',
            redirect_uris: [redirectUri],
            grant_types: ['authorization_code'],
            response_types: ['code'],
            ...(clientSecret === undefined
              ? { token_endpoint_auth_method: 'none' }
              : { client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_basic' }),
          },
        ],
        claims: { email: ['email', 'email_verified'] },
        cookies: { keys: ['of a test'] },
        pkce: { required: () => true },
        findAccount: (_ctx: unknown, id: string) =>
          accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
      });
      for (const event of ['authorization.error', 'grant.error', 'server_error'])
        provider.on(event, (_ctx, error) => faults.push(`${event}: ${error.message}`));
      listener = provider.callback();
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
