import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Octokit } from '@octokit/rest';
import { createEmulator } from 'emulate';
import type { GitHubConfig } from '../../../adapters/github/api/config.ts';
import { serveGit } from './git-http.ts';
import { mirrorRepository } from './objects.ts';
import { asGitHubSays, standIn } from './stand-in.ts';
import { standInCollaboration } from './stand-in-collaboration.ts';
import { standInPulls } from './stand-in-pulls.ts';

/** A call to the API or to git, as the front saw it. */
interface ApiCall {
  method: string;
  /** With its query. */
  path: string;
  status: number;
  token: string | undefined;
}

export interface Delivered {
  event: string;
  body: string;
}

/** What goes wrong with the next call that matches; `after` lets the call be done and cuts the connection. */
export interface Fault {
  match(call: { method: string; path: string }): boolean;
  /** How many matching calls go well before. */
  skip?: number;
  do: 'after' | { status: number; message: string; headers?: Record<string, string> };
}

export interface GitHubKit extends Awaited<ReturnType<typeof startGitHub>> {}

const logins = ['lead-gh', 'second-gh', 'dev-gh', 'writer-gh', 'reader-gh', 'outsider-gh', 'ci-gh'] as const;
const appId = 4242;
const installation = 77;

/** The key of the App is the same for all tests of a process: making one takes a second. */
let key: string | undefined;
const privateKey = (): string => {
  key ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
  return key;
};

/**
 * A GitHub for tests: the emulator (`emulate`) for what it has, behind a front that answers what it lacks (stand-in.ts),
 * serves git, writes down every call, and fails on request.
 */
export async function startGitHub(options: { files?: Record<string, string> } = {}) {
  const webhookSecret = randomBytes(16).toString('hex');
  let signing = webhookSecret;
  const root = mkdtempSync(join(tmpdir(), 'drydock-github-'));
  const calls: ApiCall[] = [];
  const deliveries: Delivered[] = [];
  /** Heads of branches that people pushed to. */
  const pushed = new Map<string, string>();
  const faults: Fault[] = [];
  const minted = new Set<string>();
  const revoked = new Set<string>();
  let target: string | undefined;
  let witness: ((call: { method: string; path: string; body: string }) => boolean) | undefined;
  let withheld = 0;
  let sending: Promise<unknown> = Promise.resolve();

  const front = createServer((request, response) => {
    handle(request).then(
      (answer) => {
        if (answer === 'git') return serveGit(root, request, response);
        if (answer === 'cut') return void request.socket.destroy();
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body);
      },
      (error: unknown) => {
        response.writeHead(500, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ message: `the test kit failed: ${String(error)}` }));
      },
    );
  });
  const url = await listen(front);
  const permissions = {
    contents: 'write',
    metadata: 'read',
    pull_requests: 'write',
    checks: 'write',
    statuses: 'write',
    issues: 'write',
    actions: 'read',
  };
  const events = ['push', 'pull_request', 'pull_request_review', 'issue_comment', 'check_run', 'check_suite', 'status'];
  const emulator = await createEmulator({
    service: 'github',
    port: await freePort(),
    seed: {
      tokens: Object.fromEntries(
        ['admin', ...logins].map((login) => [`tok_${login}`, { login, scopes: ['repo', 'admin:repo_hook'] }]),
      ),
      github: {
        users: ['admin', ...logins].map((login) => ({ login, name: login, email: `${login}@example.com` })),
        orgs: [{ login: 'acme', name: 'Acme', members: [{ login: 'admin', role: 'admin' }] }],
        repos: [{ owner: 'acme', name: 'calc', auto_init: true, private: true }],
        apps: [
          {
            app_id: appId,
            slug: 'drydock',
            name: 'Drydock',
            private_key: privateKey(),
            permissions,
            events,
            webhook_url: `${url}/__hook`,
            webhook_secret: webhookSecret,
            installations: [{ installation_id: installation, account: 'acme', repository_selection: 'all' }],
          },
        ],
      },
    },
  } as never);
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const as = (login: string): Octokit => new Octokit({ auth: `tok_${login}`, baseUrl: emulator.url, log: quiet });
  const admin = as('admin');
  const repository = 'acme/calc';
  const at = { owner: 'acme', repo: 'calc' };
  const extras = standIn({
    admin,
    at,
    pushes: () => deliveries.filter(({ event }) => event === 'push').map(({ body }) => JSON.parse(body)),
  });
  const pulls = standInPulls({ admin, at });
  const talk = standInCollaboration({
    url,
    api: emulator.url,
    admin,
    at,
    privateKey: privateKey(),
    signWith: (secret) => {
      signing = secret;
    },
    again: (delivery, guid) => attempt({ event: delivery.event, body: delivery.body }, guid),
  });

  for (const login of logins) {
    if (login === 'outsider-gh') continue;
    const permission = login === 'reader-gh' ? 'pull' : 'push';
    await admin.repos.addCollaborator({ ...at, username: login, permission });
  }

  async function handle(request: IncomingMessage) {
    const path = request.url ?? '/';
    const method = request.method ?? 'GET';
    if (path === '/__hook') return received(request);
    const token = /^(?:token|bearer)\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const isGit = /^\/[^/]+\/[^/]+\.git\//.test(path);
    if (isGit) {
      const basic = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /i, ''), 'base64').toString();
      const password = basic.slice(basic.indexOf(':') + 1);
      const valid = (minted.has(password) && !revoked.has(password)) || password.startsWith('tok_');
      calls.push({ method, path, status: valid ? 200 : 401, token: password });
      if (!valid) return { status: 401, headers: { 'www-authenticate': 'Basic realm="git"' }, body: '' };
      if (path.includes('/info/refs')) await mirrorRepository(admin, root, at.owner, at.repo);
      return 'git' as const;
    }
    const fault = faults.find((each) => each.match({ method, path }) && isDue(each));
    if (fault) faults.splice(faults.indexOf(fault), 1);
    if (fault && fault.do !== 'after') {
      calls.push({ method, path, status: fault.do.status, token });
      return {
        status: fault.do.status,
        headers: { 'content-type': 'application/json', ...fault.do.headers },
        body: JSON.stringify({ message: fault.do.message }),
      };
    }
    const body = await bytesOf(request);
    const answer = await answerOf(method, path, token, body, request);
    calls.push({ method, path, status: answer.status, token });
    if (witness?.({ method, path, body: body.toString() }) || fault) return 'cut' as const;
    // One whose answer is lost was never held by anybody.
    if (/\/access_tokens$/.test(path) && answer.status === 201) {
      minted.add((JSON.parse(answer.body.toString()) as { token: string }).token);
    }
    return answer;
  }

  async function answerOf(
    method: string,
    path: string,
    token: string | undefined,
    body: Buffer,
    request: IncomingMessage,
  ) {
    const json = (status: number, value?: unknown) => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: value === undefined ? '' : JSON.stringify(value),
    });
    if (token !== undefined && revoked.has(token)) return json(401, { message: 'Bad credentials' });
    // https://docs.github.com/en/rest/apps/installations#revoke-an-installation-access-token
    if (method === 'DELETE' && path === '/installation/token') {
      if (token === undefined || !minted.has(token)) return json(401, { message: 'Bad credentials' });
      revoked.add(token);
      return json(204);
    }
    const own = await extras.answer(method, path, body);
    if (own) return json(own.status, own.value);
    const said = await talk.answer(method, path, body, token);
    if (said) {
      const answer = json(said.status, said.value);
      return { ...answer, headers: { ...answer.headers, ...said.headers } };
    }
    return pulls.answer(method, path, body, json, () => forward(method, path, body, request));
  }

  async function forward(method: string, path: string, body: Buffer, request: IncomingMessage) {
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: headersOf(request),
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
      redirect: 'manual',
    });
    const text = Buffer.from(await response.arrayBuffer());
    const headers = Object.fromEntries(
      [...response.headers].filter(
        ([name]) => !['content-length', 'transfer-encoding', 'content-encoding', 'connection'].includes(name),
      ),
    );
    return { status: response.status, headers, body: response.status === 204 ? '' : text };
  }

  async function received(request: IncomingMessage) {
    const event = String(request.headers['x-github-event']);
    const delivery = { event, body: asGitHubSays(event, (await bytesOf(request)).toString(), pushed) };
    deliveries.push(delivery);
    attempt(delivery);
    return { status: 200, headers: {}, body: 'ok' };
  }

  function attempt(delivery: Delivered, guid?: string): void {
    if (withheld > 0) talk.attempted(delivery, 502, guid);
    else {
      const sent = (): Promise<number> => send(delivery).catch(() => 502);
      sending = sending.then(async () => talk.attempted(delivery, await sent(), guid));
    }
  }

  const sign = (body: string, secret = webhookSecret): string =>
    `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  async function send(delivery: Delivered, secret = signing): Promise<number> {
    if (target === undefined) return 0;
    const response = await fetch(target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': delivery.event,
        'x-github-delivery': randomBytes(8).toString('hex'),
        'x-hub-signature-256': sign(delivery.body, secret),
      },
      body: delivery.body,
    });
    await response.arrayBuffer();
    return response.status;
  }
  const quietly = async <T>(withhold: boolean | undefined, work: () => Promise<T>): Promise<T> => {
    if (withhold) withheld++;
    try {
      const done = await work();
      if (withhold) await settled();
      return done;
    } finally {
      if (withhold) withheld--;
    }
  };
  /** The emulator sends its messages after it answered. */
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));

  const head = async (branch: string): Promise<string> =>
    (await admin.git.getRef({ ...at, ref: `heads/${branch}` })).data.object.sha;

  async function push(
    files: Record<string, string | null | { content: Uint8Array; mode?: '100644' | '100755' | '120000' }>,
    more: { by?: string; branch?: string; withhold?: boolean } = {},
  ): Promise<string> {
    const branch = more.branch ?? 'main';
    const user = as(more.by ?? 'dev-gh');
    const parent = await head(branch).catch(() => undefined);
    const from = parent ?? (await head('main'));
    const { data: base } = await user.git.getCommit({ ...at, commit_sha: from });
    const entries = [];
    for (const [path, file] of Object.entries(files)) {
      if (file === null) entries.push({ path, mode: '100644', type: 'blob', sha: null });
      else if (typeof file === 'string') entries.push({ path, mode: '100644', type: 'blob', content: file });
      else {
        const content = Buffer.from(file.content).toString('base64');
        const { data } = await user.git.createBlob({ ...at, content, encoding: 'base64' });
        entries.push({ path, mode: file.mode ?? '100644', type: 'blob', sha: data.sha });
      }
    }
    const { data: tree } = await user.git.createTree({ ...at, base_tree: base.tree.sha, tree: entries as never });
    const { data: commit } = await user.git.createCommit({ ...at, message: 'change', tree: tree.sha, parents: [from] });
    pushed.set(branch, commit.sha);
    return quietly(more.withhold, async () => {
      if (parent === undefined) await user.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha: commit.sha });
      else await user.git.updateRef({ ...at, ref: `heads/${branch}`, sha: commit.sha, force: false });
      return commit.sha;
    });
  }
  if (options.files) await push(options.files, { by: 'admin', withhold: true });

  return {
    url,
    repository,
    at,
    admin,
    as,
    app: { appId, privateKey: privateKey(), installation, slug: 'drydock' },
    config: {
      apiUrl: url,
      gitUrl: url,
      auth: { appId, privateKey: privateKey() },
      webhookSecrets: [webhookSecret],
    } satisfies GitHubConfig,
    /** With a personal token of somebody. */
    configOf: (login: string): GitHubConfig => ({
      apiUrl: url,
      gitUrl: url,
      auth: { token: `tok_${login}` },
      webhookSecrets: [webhookSecret],
    }),
    webhookSecret,
    /** What messages are signed with by now. */
    signing: () => signing,
    calls,
    faults,
    minted: () => [...minted],
    revoked: () => [...revoked],
    sign,
    send,
    push,
    head,
    attempted: talk.attempted,
    delivered: (event: string) => deliveries.filter((delivery) => delivery.event === event),
    /** Sees every call after it was done and before it is answered; true cuts the connection. */
    watch(seen: typeof witness) {
      witness = seen;
    },
    deliverTo(to: string) {
      target = to;
    },
    async force(branch: string, sha: string, by: string) {
      await as(by).git.updateRef({ ...at, ref: `heads/${branch}`, sha, force: true });
    },
    pull: async (number: number) => (await admin.pulls.get({ ...at, pull_number: number })).data,
    pulls: async () => (await admin.pulls.list({ ...at, state: 'all' })).data,
    async file(commit: string, path: string): Promise<string> {
      const { data } = await admin.repos.getContent({ ...at, path, ref: commit });
      return Buffer.from((data as { content: string }).content, 'base64').toString();
    },
    parents: async (commit: string) =>
      (await admin.git.getCommit({ ...at, commit_sha: commit })).data.parents.map(({ sha }) => sha),
    branches: async (prefix: string) =>
      (await admin.git.listMatchingRefs({ ...at, ref: `heads/${prefix}` })).data.map(({ ref }) =>
        ref.slice('refs/heads/'.length),
      ),
    async reportCheck(commit: string, name: string, conclusion: 'success' | 'failure', summary = '') {
      const ci = as('ci-gh');
      const { data } = await ci.checks.create({ ...at, name, head_sha: commit, status: 'in_progress' });
      const output = { title: name, summary };
      await ci.checks.update({ ...at, check_run_id: data.id, status: 'completed', conclusion, output });
    },
    async statuses(commit: string) {
      const answer = await fetch(`${url}/repos/${repository}/commits/${commit}/statuses`);
      return (await answer.json()) as { context: string; state: string }[];
    },
    async check(commit: string, name: string) {
      const { data } = await admin.checks.listForRef({ ...at, ref: commit, check_name: name });
      if (data.check_runs.length > 1) throw new Error(`${data.check_runs.length} checks are named ${name}`);
      return data.check_runs[0];
    },
    async review(
      number: number,
      by: string,
      event: 'APPROVE' | 'REQUEST_CHANGES',
      more: { body?: string; commit: string; comments?: { path: string; line: number; body: string }[] },
    ) {
      const { data } = await as(by).pulls.createReview({
        ...at,
        pull_number: number,
        event,
        commit_id: more.commit,
        body: more.body ?? '',
        // The emulator knows the place of a comment by its position in the diff only.
        ...(more.comments
          ? { comments: more.comments.map((comment) => ({ ...comment, position: comment.line })) }
          : {}),
      });
      const comments = await admin.pulls.listCommentsForReview({ ...at, pull_number: number, review_id: data.id });
      return { id: data.id, comments: comments.data.map(({ id }) => id) };
    },
    reviewComments: async (number: number) =>
      (await admin.pulls.listReviewComments({ ...at, pull_number: number })).data,
    async comment(number: number, by: string, body: string) {
      await as(by).issues.createComment({ ...at, issue_number: number, body });
    },
    comments: async (number: number) => (await admin.issues.listComments({ ...at, issue_number: number })).data,
    async closePull(number: number, by: string) {
      await as(by).pulls.update({ ...at, pull_number: number, state: 'closed' });
    },
    async merge(number: number, by: string) {
      await as(by).pulls.merge({ ...at, pull_number: number, merge_method: 'merge' });
    },
    /** Merges a pull request; the merge is what is pushed. */
    async mergeAndPush(number: number, by: string): Promise<void> {
      const before = await head('main');
      await as(by).pulls.merge({ ...at, pull_number: number, merge_method: 'merge' });
      await send({ event: 'push', body: JSON.stringify(pushOf(by, before, await head('main'))) });
    },
    /** Opens a pull request with these files and merges it; the merge is what is pushed. */
    async mergePull(files: Record<string, string>, { by }: { by: string }): Promise<number> {
      const branch = `topic-${randomBytes(4).toString('hex')}`;
      await push(files, { by, branch });
      const { data } = await as(by).pulls.create({ ...at, title: branch, head: branch, base: 'main' });
      const before = await head('main');
      await as(by).pulls.merge({ ...at, pull_number: data.number, merge_method: 'merge' });
      // The emulator says nothing of the push that a merge is; GitHub does.
      await send({ event: 'push', body: JSON.stringify(pushOf(by, before, await head('main'))) });
      return data.number;
    },
    async close() {
      await sending;
      front.closeAllConnections();
      await new Promise<void>((resolve) => front.close(() => resolve()));
      await emulator.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Counts the call; true when it is the one that goes wrong. */
function isDue(fault: Fault): boolean {
  const left = fault.skip ?? 0;
  fault.skip = left - 1;
  return left <= 0;
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#push, as far as it is read. */
const pushOf = (login: string, before: string, after: string) => ({
  ref: 'refs/heads/main',
  before,
  after,
  created: false,
  deleted: false,
  repository: { full_name: 'acme/calc' },
  sender: { login, type: 'User' },
  installation: { id: installation },
});

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      ['host', 'connection', 'content-length', 'transfer-encoding'].includes(name) ? [] : [[name, String(value)]],
    ),
  );

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );

async function freePort(): Promise<number> {
  const server = createServer();
  const url = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return Number(new URL(url).port);
}
