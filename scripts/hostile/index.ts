// `npm run hostile [-- MINUTES]`: a server process under hostile agents, for ten minutes. Runs of one repository flood, cut
// off, fork and fill; meanwhile pages and webhooks are asked, and runs of another repository have to finish. Prints one JSON
// document, and ends with 1 if an aim is missed.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { saveAppFile } from '../../cli/config/github.ts';
import { loadPolicy } from '../../cli/config/load-policy.ts';
import { connectServer } from '../../cli/local/control-client.ts';
import { controlSocket } from '../../cli/local/data-folder.ts';
import { isFinal } from '../../core/run/status.ts';
import { createWorld } from '../../test/support/world.ts';

const minutes = Number(process.argv[2] ?? 10);
const acts = [
  'flood',
  'errors',
  'line',
  'slow',
  'lines',
  'end',
  'forks',
  'inodes',
  'disk',
  'memory',
  'sockets',
  'requests',
].concat(['bodies', 'events', 'connects', 'outputs', 'tree', 'many', 'acp']);
/** Hostile runs at a time, beside one honest run. */
const hostileAtOnce = 2;
const aim = { p99Ms: 500 };
const webhookSecret = 'secret-of-the-webhooks';

const world = createWorld();
const honest = join(world.folder, 'honest');
world.git('clone', '--quiet', world.repo, honest);
copyFileSync(join(import.meta.dirname, 'agent.mjs'), join(world.folder, 'agent', 'hostile.mjs'));
const profile = (act: string) => ({ kind: 'command', command: ['node', '/agent/hostile.mjs', act], files: './agent' });
const file = world.policy({
  repositories: { 'acme/calc': { host: 'git', url: './repo' }, 'acme/honest': { host: 'git', url: './honest' } },
  agents: {
    default: 'codemod',
    profiles: {
      codemod: { kind: 'command', command: ['node', '/agent/agent.mjs'], files: './agent' },
      ...Object.fromEntries(acts.map((act) => [act, profile(act)])),
      acp: { ...profile('acp'), kind: 'acp', provider: 'google', model: 'gemini-2.5-flash' },
    },
  },
  limits: { timeout_minutes: 1, cpu: 1, memory_mb: 512, pids: 128, disk_mb: 256, concurrent_runs: 8, rework_rounds: 0 },
  review: { approvers: ['lead', 'second'], plan: 'optional' },
});
const { policy } = loadPolicy({ policy: file, repositories: new Map() });
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const nowhere = { apiUrl: 'http://127.0.0.1:9', gitUrl: 'http://127.0.0.1:9' };
const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const app = { version: 1 as const, appId: 1, slug: 'drydock', owner: 'acme', privateKey: pem };
saveAppFile(world.data, { ...app, ...nowhere, webhookSecrets: [webhookSecret] }, false);

const program = resolve(import.meta.dirname, '../../bin/drydock.ts');
const folders = (): string[] => readdirSync(tmpdir()).filter((name) => /^drydock-[0-9a-f]{18}$/.test(name));
const groups = (): string[] =>
  ['', 'memory', 'pids', 'cpu'].flatMap((parent) => {
    const names = statSync(`/sys/fs/cgroup/${parent}`, { throwIfNoEntry: false })
      ? readdirSync(`/sys/fs/cgroup/${parent}`)
      : [];
    return names.filter((name) => /^drydock-[0-9a-f]{12}$/.test(name)).map((name) => `${parent}/${name}`);
  });
const before = { folders: folders(), groups: groups() };

const server: ChildProcess = spawn(
  process.execPath,
  [
    program,
    'serve',
    '--port',
    '0',
    '--webhook-port',
    '0',
    '--policy',
    file,
    '--data',
    world.data,
    '--as',
    'lead',
    '--json',
  ],
  {
    cwd: world.folder,
    env: { PATH: process.env.PATH, HOME: world.folder, GEMINI_API_KEY: 'of-nobody' },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
let ended: string | undefined;
server.on('close', (code, signal) => {
  ended = String(code ?? signal);
});
const first = await new Promise<string>((done, refuse) => {
  server.stdout?.once('data', (chunk: Buffer) => done(chunk.toString()));
  server.once('close', () => refuse(new Error('the server process did not start')));
});
const { url, webhooks } = JSON.parse(first) as { url: string; webhooks: string };
const socket = controlSocket(world.data, { HOME: world.folder });
const { service } = connectServer(socket);

const until = Date.now() + minutes * 60_000;
const going = (): boolean => Date.now() < until && ended === undefined;
const ends: Record<string, string[]> = {};
const finished = { honest: 0, honestFailed: 0, hostile: 0 };
let started = 0;

/** Submits a run and waits until it has ended or waits for a person. */
async function runOf(repository: string, agent: string): Promise<string> {
  started += 1;
  const id = `RUN-${started}`;
  const { bytes } = world.spec({ task_id: id, repository, output_branch_prefix: `agent/${id.toLowerCase()}`, agent });
  const { runId } = await service.submit({
    ...{ file: `${id}.yaml`, bytes, policy, requester: 'dev@example.com', attempt: 1, dryRun: false },
  });
  for (;;) {
    const run = await service.run(runId);
    if (isFinal(run.status)) return run.error?.name ?? run.status;
    if (run.gate !== null) {
      await service.cancel(runId, 'lead', 'it waits for a person');
      return run.state === 'ReviewGate' ? 'delivered to a person' : `waits in ${run.state}`;
    }
    if (ended !== undefined) return 'the server process ended';
    await sleep(200);
  }
}

const hostile = async (first: number): Promise<void> => {
  for (let turn = first; going(); turn += hostileAtOnce) {
    const act = acts[turn % acts.length] ?? '';
    const end = await runOf('acme/calc', act).catch((error: Error) => `refused: ${error.message}`);
    ends[act] = [...(ends[act] ?? []), end];
    finished.hostile += 1;
  }
};
const good = async (): Promise<void> => {
  while (going()) {
    const end = await runOf('acme/honest', 'codemod').catch((error: Error) => `refused: ${error.message}`);
    if (end === 'delivered to a person') finished.honest += 1;
    else if (going()) {
      finished.honestFailed += 1;
      process.stderr.write(`an honest run ended as ${end}\n`);
    }
  }
};

const taken = { pages: [] as number[], webhooks: [] as number[] };
let unanswered = 0;
async function probe(times: number[], everyMs: number, request: () => Promise<Response>): Promise<void> {
  while (going()) {
    const start = performance.now();
    const answer = await request().catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (!answer?.ok) unanswered += 1;
    times.push(performance.now() - start);
    await sleep(everyMs);
  }
}
const pages = ['/runs', '/', '/outbox'];
let asked = 0;
const page = () => fetch(`${url}${pages[asked++ % pages.length]}`, { signal: AbortSignal.timeout(30_000) });
const ping = () => {
  const body = JSON.stringify({ zen: String(asked++) });
  const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-github-event': 'ping', 'x-github-delivery': String(asked) };
  return fetch(`${webhooks}/webhooks/github`, {
    method: 'POST',
    body,
    headers: { ...headers, 'x-hub-signature-256': `sha256=${signature}` },
    signal: AbortSignal.timeout(30_000),
  });
};
let peakMb = 0;
const watchMemory = async (): Promise<void> => {
  while (going()) {
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    peakMb = Math.max(peakMb, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    await sleep(500);
  }
};

const hostileRuns = Promise.all([...Array.from({ length: hostileAtOnce }, (_, index) => hostile(index)), good()]);
await Promise.all([probe(taken.pages, 100, page), probe(taken.webhooks, 200, ping), watchMemory()]);
// What is still under way is cancelled, as an operator does.
for (const run of ended === undefined ? await service.list() : []) {
  if (!isFinal(run.status)) await service.cancel(run.runId, 'lead', 'the end').catch(() => undefined);
}
await hostileRuns;
const alive = ended === undefined;
server.kill('SIGTERM');
for (let i = 0; i < 300 && ended === undefined; i++) await sleep(100);

const at = (times: number[], share: number): number => {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
};
const percentiles = (times: number[]) => ({
  asked: times.length,
  p50Ms: at(times, 0.5),
  p99Ms: at(times, 0.99),
  slowestMs: at(times, 1),
});
const left = {
  folders: folders().filter((name) => !before.folders.includes(name)),
  groups: groups().filter((name) => !before.groups.includes(name)),
  processes: readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('hostile.mjs');
    } catch {
      return false;
    }
  }),
};
const figures = {
  ...{ minutes, pages: percentiles(taken.pages), webhooks: percentiles(taken.webhooks), unanswered },
  ...{ runs: finished, serverPeakMb: Math.round(peakMb), serverEnded: ended ?? null, left, ends },
};
const held =
  alive &&
  ended === '0' &&
  unanswered === 0 &&
  finished.honest > 0 &&
  finished.honestFailed === 0 &&
  figures.pages.p99Ms <= aim.p99Ms &&
  figures.webhooks.p99Ms <= aim.p99Ms &&
  Object.values(left).every((names) => names.length === 0);
console.log(JSON.stringify({ held, aim, ...figures }, null, 2));
if (ended === undefined) server.kill('SIGKILL');
world.remove();
process.exit(held ? 0 : 1);
