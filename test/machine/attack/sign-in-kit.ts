import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { World } from '../../support/world.ts';

const program = resolve(import.meta.dirname, '../../../bin/drydock.ts');

export const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

/** `drydock serve` with sign-in, as a process. Resolves once it serves. */
export function serveForPeople(
  world: World,
  { port, issuer }: { port: number; issuer: string },
): Promise<{ child: ChildProcess; stop(): Promise<void> }> {
  const url = `http://127.0.0.1:${port}`;
  const flags = ['--oidc', issuer, '--oidc-client', 'drydock', '--public-url', url, '--port', String(port)];
  const child = spawn(process.execPath, [program, 'serve', ...flags, '--data', world.data, '--json'], {
    cwd: world.repo,
    env: {
      ...process.env,
      HOME: world.folder,
      DRYDOCK_POLICY: join(world.folder, 'policy.yaml'),
      DRYDOCK_OIDC_CLIENT_SECRET: 'a secret of a test',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return new Promise((done, fail) => {
    child.stdout.once('data', () => done({ child, stop }));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    child.once('close', (code) => fail(new Error(`serve ended with ${code}: ${said.join('')}`)));
  });
}

/** A browser without script: it keeps cookies by host, and follows what it is told. */
export function browser() {
  const jar = new Map<string, Map<string, string>>();
  const cookiesOf = (url: URL): Map<string, string> => {
    const found = jar.get(url.host) ?? new Map<string, string>();
    jar.set(url.host, found);
    return found;
  };
  const request = async (address: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address);
    const cookie = [...cookiesOf(url)].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', 'sec-fetch-site': 'none', ...(init.headers as object) };
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { ...headers, cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) cookiesOf(url).delete(pair.slice(0, at));
      else cookiesOf(url).set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  };
  /** Follows redirects until there is none, or until the address fits. */
  const follow = async (
    address: string,
    init: RequestInit = {},
    until?: RegExp,
  ): Promise<{ url: string; answer: Response }> => {
    let [url, answer] = [address, await request(address, init)];
    for (let i = 0; i < 15; i++) {
      const to = answer.headers.get('location');
      if (to === null) break;
      url = new URL(to, url).href;
      if (until?.test(url)) break;
      answer = await request(url);
    }
    return { url, answer };
  };
  return { request, follow, cookies: (base: string) => cookiesOf(new URL(base)) };
}

export type Browser = ReturnType<typeof browser>;

const form = (fields: Record<string, string>): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
});

/** Signs in at the issuer as a subject; returns the address of the callback without opening it. */
export async function toCallback(at: Browser, base: string, subject: string): Promise<string> {
  let { url, answer } = await at.follow(`${base}/login`, {}, /\/login\/callback/);
  for (let i = 0; i < 4 && !url.includes('/login/callback'); i++) {
    const page = await answer.text();
    const action = /action="([^"]+)"/.exec(page)?.[1] ?? '';
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? 'login';
    const fields = { prompt, ...(prompt === 'login' ? { login: subject, password: 'x' } : {}) };
    ({ url, answer } = await at.follow(new URL(action, url).href, form(fields), /\/login\/callback/));
  }
  return url;
}

export async function signIn(base: string, subject: string): Promise<Browser> {
  const at = browser();
  await at.request(await toCallback(at, base, subject));
  return at;
}

/** The CSRF token and the head of a gate's form. */
export async function formOf(at: Browser, page: string): Promise<{ csrf: string; head: string }> {
  const text = await (await at.request(page)).text();
  const value = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? '';
  return { csrf: value('csrf'), head: value('head') };
}

export const post = (at: Browser, page: string, fields: Record<string, string>, headers: object = {}) => {
  const init = form(fields);
  return at.request(page, { ...init, headers: { ...(init.headers as object), ...headers } });
};
