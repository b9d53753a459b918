/** GitHub's side of `drydock github setup`, and somebody at a browser who goes the whole way. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { events, permissions } from '../../../adapters/github/api/app-manifest.ts';

interface AppMaker {
  url: string;
  privateKey: string;
  /** How many apps were made. */
  made: number;
  close(): void;
}

const encoding = { type: 'pkcs1', format: 'pem' } as const;

/** Exchanges any code for an App: https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest */
export async function appMaker(): Promise<AppMaker> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: encoding,
    publicKeyEncoding: encoding,
  });
  const server = createServer((_request, response) => {
    maker.made++;
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 37,
        slug: 'acme-drydock',
        owner: { login: 'acme' },
        html_url: `${maker.url}/apps/acme-drydock`,
        permissions: Object.fromEntries(Object.entries(permissions).map(([name, { access }]) => [name, access])),
        events: Object.keys(events),
        webhook_secret: 'secret-of-the-webhook',
        pem: privateKey,
      }),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const maker: AppMaker = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    privateKey,
    made: 0,
    close: () => void server.close(),
  };
  return maker;
}

/** The page that a command printed, if it did. */
export const setupPage = (printed: string): string | undefined =>
  /http:\/\/127\.0\.0\.1:\d+\/start\/[0-9a-f]{64}(?=\s)/.exec(printed)?.[0];

/** Opens the page, creates the App, and comes back from GitHub. @returns The form that went to GitHub. */
export async function createApp(page: string): Promise<string> {
  const response = await fetch(page);
  const form = (await response.text()).replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  const state = /[?&]state=([0-9a-f]+)/.exec(form)?.[1] ?? '';
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
  await fetch(`${new URL(page).origin}/callback?state=${state}&code=abc`, { headers: { cookie } });
  return form;
}
