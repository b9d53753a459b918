/** An issuer on loopback that says whatever a test wants it to: discovery, keys and tokens, and nothing of it honest. */
import { createHmac, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Forged {
  /** Laid over what would be right; undefined takes a claim away. */
  claims?: Record<string, unknown>;
  alg?: 'RS256' | 'none' | 'HS256';
  /** Signed with a key that the issuer does not publish. */
  otherKey?: boolean;
  /** In place of a token. */
  answer?: { status: number; body: object };
}

export interface Forger {
  url: string;
  /** Nonce and PKCE challenge of the code that is exchanged next. */
  expect: { nonce: string; challenge: string };
  forged: Forged;
  /** Codes that were exchanged already: each is good once. */
  used: Set<string>;
  /** Bodies of token requests. */
  asked: URLSearchParams[];
  close(): Promise<void>;
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const [published, hidden] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 })) as [
  { publicKey: KeyObject; privateKey: KeyObject },
  { privateKey: KeyObject },
];

export async function startForger(now: () => number = Date.now): Promise<Forger> {
  const idToken = (): string => {
    const { claims, alg = 'RS256', otherKey } = forger.forged;
    const seconds = Math.floor(now() / 1_000);
    const all = {
      iss: forger.url,
      aud: 'drydock',
      sub: 'subject',
      nonce: forger.expect.nonce,
      iat: seconds,
      exp: seconds + 300,
      ...claims,
    };
    const signed = `${part({ alg, ...(alg === 'none' ? {} : { kid: 'k' }) })}.${part(all)}`;
    if (alg === 'none') return `${signed}.`;
    const pem = published.publicKey.export({ type: 'spki', format: 'pem' });
    if (alg === 'HS256') return `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
    const key = otherKey ? hidden.privateKey : published.privateKey;
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key).toString('base64url')}`;
  };
  const server = createServer((request, response) => {
    const send = (body: object, status = 200): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url } = forger;
      if (request.url === '/.well-known/openid-configuration') {
        return send({
          issuer: url,
          authorization_endpoint: `${url}/auth`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/jwks`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
          authorization_response_iss_parameter_supported: true,
        });
      }
      if (request.url === '/jwks')
        return send({
          keys: [{ ...published.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }],
        });
      if (request.url !== '/token') return send({}, 404);
      const body = new URLSearchParams(Buffer.concat(chunks).toString());
      forger.asked.push(body);
      const { answer } = forger.forged;
      if (answer) return send(answer.body, answer.status);
      const code = body.get('code') ?? '';
      if (forger.used.has(code)) return send({ error: 'invalid_grant' }, 400);
      forger.used.add(code);
      send({ access_token: 'access', token_type: 'bearer', id_token: idToken() });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const forger: Forger = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    expect: { nonce: '', challenge: '' },
    forged: {},
    used: new Set(),
    asked: [],
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return forger;
}
