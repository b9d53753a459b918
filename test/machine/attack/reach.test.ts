/** Another user of the machine, and a web page of another origin, against a running server process. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { descendants } from '../../../adapters/local/sandbox/limits/processes.ts';
import { saveAppFile } from '../../../cli/config/github.ts';
import { compileCache } from '../../support/child-env.ts';
import { createWorld, type World } from '../../support/world.ts';
import { startBrowser } from '../pages/site.ts';

const program = resolve(import.meta.dirname, '../../../bin/drydock.ts');
const guide = readFileSync(resolve(import.meta.dirname, '../../../docs/security.md'), 'utf8');
/** Ids of the rows of the table, by what has to be going on. */
const documented = (...whiles: string[]): string[] =>
  [...guide.matchAll(/^\| `([a-z-]+)` \| ([a-z ]+|AWS) \|/gm)]
    .flatMap(([, id = '', during = '']) => (whiles.includes(during) ? [id] : []))
    .sort();

let world: World;
let serve: ChildProcess;
let pages: URL;
let webhooks: URL;
let gate: string;
let browser: Browser;
const children: ChildProcess[] = [];
/** Only root can become another user, and sees the sockets of the runner, whose files in /proc are closed to its user. */
const isRoot = process.getuid?.() === 0;

const environment = (): NodeJS.ProcessEnv => ({
  ...compileCache,
  PATH: process.env.PATH,
  HOME: world.folder,
  DRYDOCK_POLICY: join(world.folder, 'policy.yaml'),
  DRYDOCK_DATA: world.data,
  GITHUB_API_URL: 'http://127.0.0.1:9',
});
const drydock = (...args: string[]): ChildProcess => {
  const child = spawn(process.execPath, [program, ...args], { cwd: world.repo, env: environment(), stdio: 'pipe' });
  children.push(child);
  return child;
};
const output = async (child: ChildProcess, until: (text: string) => boolean): Promise<string> => {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (until(text)) break;
  }
  return text;
};
const events = (): string =>
  spawnSync(process.execPath, [program, 'list', '--json'], { cwd: world.repo, env: environment(), encoding: 'utf8' })
    .stdout;

beforeAll(async () => {
  world = createWorld();
  world.policy({ review: { approvers: ['lead', 'second'], plan: 'optional' } });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const app = { version: 1 as const, appId: 1, slug: 'drydock', owner: 'acme', webhookSecrets: ['secret-of-webhooks'] };
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  saveAppFile(
    world.data,
    { ...app, privateKey: pem, apiUrl: 'http://127.0.0.1:9', gitUrl: 'http://127.0.0.1:9' },
    false,
  );
  serve = drydock('serve', '--port', '0', '--webhook-port', '0', '--as', 'lead', '--json');
  const said = JSON.parse(await output(serve, (text) => text.includes('\n'))) as { url: string; webhooks: string };
  [pages, webhooks] = [new URL(said.url), new URL(said.webhooks)];
  const { file } = world.spec();
  const waiting = spawnSync(process.execPath, [program, 'run', file, '--as', 'dev@example.com', '--json'], {
    cwd: world.repo,
    env: environment(),
    encoding: 'utf8',
  });
  gate = (JSON.parse(waiting.stdout) as { gate: string }).gate;
  // A second run stays in its phase while the sockets are looked at.
  world.agent(`setInterval(() => undefined, 1000); console.log('in the phase');`);
  const second = world.spec({ task_id: 'FIX-2', output_branch_prefix: 'agent/fix-two' });
  drydock('run', second.file, '--as', 'dev@example.com', '--detach', '--json');
  browser = await startBrowser();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  for (const child of children) child.kill('SIGKILL');
  world?.remove();
});

interface Listening {
  pid: number;
  ownNetwork: boolean;
  address: string;
}

/** Sockets in the state LISTEN of a process and of all below it, from the kernel's tables. */
function listeners(root: number): Listening[] {
  const network = (pid: number): string => readlinkSync(`/proc/${pid}/ns/net`);
  return [root, ...descendants(root)].flatMap((pid) => {
    try {
      const inodes = new Set(
        readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
          try {
            return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
          } catch {
            return [];
          }
        }),
      );
      const ownNetwork = network(pid) === network(root);
      const table = (name: string): string[][] =>
        readFileSync(`/proc/${pid}/net/${name}`, 'utf8')
          .split('\n')
          .slice(1)
          .map((line) => line.trim().split(/\s+/));
      const tcp = ['tcp', 'tcp6'].flatMap(table).filter((row) => row[3] === '0A' && inodes.has(row[9] ?? ''));
      // __SO_ACCEPTCON; the path is the last column.
      const unix = table('unix').filter((row) => row[3] === '00010000' && inodes.has(row[6] ?? ''));
      return [
        ...tcp.map((row) => ({ pid, ownNetwork, address: row[1] ?? '' })),
        ...unix.map((row) => ({ pid, ownNetwork, address: row[7] ?? '' })),
      ];
    } catch {
      return []; // it has ended
    }
  });
}

/** 127.0.0.1 and a port, as /proc/net/tcp writes them. */
const loopback = (port: string | number): string =>
  `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`;

function idOf({ address, ownNetwork }: Listening): string {
  if (ownNetwork && address === loopback(pages.port)) return 'pages';
  if (ownNetwork && address === loopback(webhooks.port)) return 'webhooks';
  if (!ownNetwork && address === loopback(8787)) return 'relay';
  // Of the runner, which alone listens there: the agent of this test opens nothing.
  if (!ownNetwork && address.startsWith(loopback(0).slice(0, 9))) return 'mcp';
  if (/\/gw\/gw\.sock$/.test(address)) return 'gateway';
  if (/\/[0-9a-f]{24}\.sock$/.test(address)) return 'control';
  return `${ownNetwork ? '' : 'in a namespace: '}${address}`;
}

test('what listens is what docs/security.md lists, and nothing else', async () => {
  const pid = serve.pid ?? 0;
  await expect
    .poll(() => [...new Set(listeners(pid).map(idOf))].sort(), { timeout: 30_000 })
    .toEqual(documented('serve', 'phase').filter((id) => isRoot || (id !== 'relay' && id !== 'mcp')));
});

test('the page of `github setup` listens on loopback only', async () => {
  const setup = drydock('github', 'setup', '--replace', '--port', '0');
  let text = '';
  for await (const chunk of setup.stderr ?? []) {
    text += String(chunk);
    if (/http:\/\/127\.0\.0\.1:\d+/.test(text)) break;
  }
  const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? '';
  expect(listeners(setup.pid ?? 0).map(({ address }) => address)).toEqual([loopback(port)]);
  expect(documented('github setup')).toEqual(['setup']);
  setup.kill('SIGKILL');
});

describe.runIf(isRoot)('another user of the machine', () => {
  /** Runs a program of Node as a user who owns nothing. */
  const asStranger = (script: string): string => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      ...{ uid: 4242, gid: 4242, cwd: '/', encoding: 'utf8' as const, timeout: 20_000 },
      env: { PATH: process.env.PATH },
    });
    return stdout === '' ? stderr : stdout;
  };
  const http = `import http from 'node:http'; import fs from 'node:fs';
    const ask = (options, body) => new Promise((done) => { const r = http.request(options, (a) => { let t = ''; a.on('data', (d) => { t += d; }); a.on('end', () => done(a.statusCode + ' ' + t.slice(0, 300))); }); r.on('error', (e) => done(e.code)); r.setTimeout(5000, () => r.destroy()); r.end(body); });`;

  test.each(['/', '/runs', '/outbox'])('does not get the page %s', (path) => {
    const got = asStranger(
      `${http} console.log(await ask({ host: '127.0.0.1', port: ${pages.port}, path: '${path}' }));`,
    );
    expect(got.trim()).toMatch(/^(?:ECONNRESET|EPIPE)$/);
  });

  test('does not vote', async () => {
    const form = {
      host: '127.0.0.1',
      port: pages.port,
      method: 'POST',
      path: `/gates/${gate}`,
      headers: { origin: pages.origin, 'content-type': 'application/x-www-form-urlencoded' },
    };
    const got = asStranger(`${http} console.log(await ask(${JSON.stringify(form)}, 'choice=approve'));`);
    expect(got.trim()).toMatch(/^(?:ECONNRESET|EPIPE)$/);
  });

  test('does not have a message of GitHub taken up', () => {
    const message = {
      host: '127.0.0.1',
      port: webhooks.port,
      method: 'POST',
      path: '/webhooks/github',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': 'x',
        'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
      },
    };
    expect(asStranger(`${http} console.log(await ask(${JSON.stringify(message)}, '{}'));`)).toMatch(/^40[13] /);
  });

  test('connects to none of its unix sockets', () => {
    const sockets = listeners(serve.pid ?? 0).flatMap(({ address }) => (address.startsWith('/') ? [address] : []));
    expect(sockets.length).toBeGreaterThanOrEqual(2);
    for (const socketPath of sockets) {
      const got = asStranger(
        `${http} console.log(await ask({ socketPath: ${JSON.stringify(socketPath)}, method: 'POST', path: '/call' }, '{}'));`,
      );
      expect([socketPath, got.trim()]).toEqual([socketPath, 'EACCES']);
    }
  });

  test('reads neither its data folder, nor the folder of a phase, nor its environment', () => {
    const phase = listeners(serve.pid ?? 0).flatMap(
      ({ address }) => /^(.*)\/gw\/gw\.sock$/.exec(address)?.[1] ?? [],
    )[0];
    for (const path of [
      world.data,
      join(world.data, 'stores.sqlite'),
      join(world.data, 'key'),
      `${phase}`,
      `/proc/${serve.pid}/environ`,
      `/proc/${serve.pid}/fd`,
    ]) {
      const got = asStranger(
        `import fs from 'node:fs'; try { const p = ${JSON.stringify(path)}; console.log('read', fs.statSync(p).isDirectory() ? fs.readdirSync(p) : fs.readFileSync(p, 'utf8')); } catch (e) { console.log(e.code); }`,
      );
      expect([path, got.trim()]).toEqual([path, expect.stringMatching(/^(?:EACCES|EPERM)$/)]);
    }
  });

  test('finds no database to connect to', () => {
    const tcp = listeners(serve.pid ?? 0).filter(({ address, ownNetwork }) => ownNetwork && !address.startsWith('/'));
    expect(tcp.map(idOf).sort()).toEqual(['pages', 'webhooks']);
  });
});

/** Runs in the other page: everything that it could read, and what it got. As text, because it is code of a browser. */
const everyWay = `async ({ ports, gate, webhookPath }) => {
  const got = [];
  const attempt = (name, make) => make().then((result) => got.push(name + ': ' + result), () => undefined);
  const fail = () => Promise.reject(new Error('nothing was read'));
  for (const port of ports) for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
    const base = 'http://' + name + ':' + port;
    for (const path of ['/', '/runs', '/outbox', '/gates/' + gate, webhookPath]) {
      await attempt('read ' + base + path, async () => (await fetch(base + path, { credentials: 'include' })).text());
      await attempt('read as opaque ' + base + path, async () => (await (await fetch(base + path, { mode: 'no-cors' })).text()) || fail());
    }
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json']) {
      const init = { method: 'POST', headers: { 'content-type': type }, body: 'choice=approve&csrf=', credentials: 'include' };
      await attempt('post ' + base, async () => (await fetch(base + '/gates/' + gate, init)).status);
      await attempt('post as opaque ' + base, async () => { await fetch(base + '/gates/' + gate, { ...init, mode: 'no-cors' }); return fail(); });
    }
    await attempt('socket ' + base, () => new Promise((open, refuse) => {
      const socket = new WebSocket(base.replace('http', 'ws'));
      socket.onopen = () => open('open');
      socket.onerror = refuse;
    }));
    await attempt('frame ' + base, () => new Promise((open, refuse) => {
      const frame = document.createElement('iframe');
      frame.src = base + '/gates/' + gate;
      // An error page of the browser is a document of another origin, too, and cannot be read either.
      frame.onload = () => { try { const text = frame.contentDocument.body.innerText; text === '' ? refuse() : open(text); } catch { refuse(); } };
      document.body.append(frame);
    }));
  }
  return got;
}`;
const sendForm = `(action) => {
  const form = Object.assign(document.createElement('form'), { method: 'post', action });
  form.append(Object.assign(document.createElement('input'), { name: 'choice', value: 'approve' }));
  document.body.append(form);
  form.submit();
}`;

describe('a web page of another origin, which knows every port', () => {
  let evil: Server;
  let origin: string;
  beforeAll(async () => {
    evil = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>other</title><body>');
    });
    await new Promise<void>((done) => evil.listen(0, '127.0.0.1', done));
    origin = `http://localhost:${(evil.address() as AddressInfo).port}`;
  });
  afterAll(() => evil.close());

  test('reads nothing and writes nothing', async () => {
    const before = events();
    const page = await browser.newPage();
    await page.goto(origin);
    // Every TCP port of its processes, whatever it is for.
    const ports = listeners(serve.pid ?? 0).flatMap(({ address, ownNetwork }) => {
      const port = /^[0-9A-F]+:([0-9A-F]{4})$/.exec(address)?.[1];
      return ownNetwork && port !== undefined ? [Number.parseInt(port, 16)] : [];
    });
    const known = { ports, gate, webhookPath: '/webhooks/github' };
    expect(await page.evaluate(`(${everyWay})(${JSON.stringify(known)})`)).toEqual([]);
    expect(events()).toBe(before);
    await page.close();
  });

  test('sends a form in the name of the person, and no vote is counted', async () => {
    const before = events();
    const page = await browser.newPage();
    // The person has the pages open, with their session.
    await page.goto(`${pages.origin}/gates/${gate}`);
    expect(await page.content()).toContain('Decide as lead');
    await page.goto(origin);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      page.evaluate(`(${sendForm})(${JSON.stringify(`${pages.origin}/gates/${gate}`)})`),
    ]);
    expect(answer.status()).toBe(403);
    expect(events()).toBe(before);
    await page.close();
  });

  test('is not served under a name of its own that leads to this machine, as DNS rebinding has it', async () => {
    const headers = { host: `evil.example.com:${pages.port}` };
    const status = await new Promise((done) => {
      const asked = request({ host: '127.0.0.1', port: pages.port, path: '/runs', headers }, (response) => {
        response.resume();
        done(response.statusCode);
      });
      asked.end();
    });
    expect(status).toBe(421);
  });
});
