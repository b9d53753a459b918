import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createWebhook, webhookPath } from '../../adapters/github/webhook/receiver.ts';
import { openInbox } from '../../adapters/local/webhooks/inbox.ts';
import { listenForWebhooks } from '../../cli/local/webhook-listener.ts';

const count = 5_000;
const warmUp = 500;
/** Of one delivery: a push of a few commits has about ten. */
const bytes = 10_000;
const connections = 64;
const atOnce = 1_000;
const secret = 'bench';
const push = {
  repository: { full_name: 'acme/calc' },
  sender: { login: 'dev-gh', type: 'User' },
  ref: 'refs/heads/main',
  before: '0'.repeat(40),
};

export interface WebhookFigures {
  /** Distinct signed deliveries that are on disk when they are answered, over kept connections. */
  durableDeliveriesPerSecond: number;
  /** A connection each, all opened at the same moment. */
  atOnce: number;
  slowestOfThemMs: number;
}

interface Message {
  body: Buffer;
  signature: string;
}

/** Made before the clock runs: signing is the sender's work. */
const messages = (from: number, many: number): Message[] =>
  Array.from({ length: many }, (_, i) => {
    const after = (from + i + 1).toString(16).padStart(40, '0');
    const body = Buffer.from(JSON.stringify({ ...push, after, filler: 'x'.repeat(bytes) }));
    return { body, signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
  });

function deliver(url: string, agent: Agent, { body, signature }: Message): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'X-GitHub-Event': 'push',
      'X-Hub-Signature-256': signature,
    };
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 202 ? resolve() : reject(new Error(`${response.statusCode}`))));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** How many signed deliveries one machine takes, each durable before its answer; the receiver is a process of its own. */
async function benchWebhooks(): Promise<WebhookFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-webhooks-'));
  const file = join(folder, 'inbox.sqlite');
  const receiver = spawn(process.execPath, [import.meta.filename, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => receiver.once('exit', resolve));
  try {
    const { value: url = '' } = await createInterface({ input: receiver.stdout })[Symbol.asyncIterator]().next();
    const kept = new Agent({ keepAlive: true, maxSockets: connections });
    const all = (agent: Agent, batch: Message[]) => Promise.all(batch.map((message) => deliver(url, agent, message)));
    await all(kept, messages(0, warmUp));
    const many = messages(warmUp, count);
    const start = performance.now();
    await all(kept, many);
    const seconds = (performance.now() - start) / 1_000;
    kept.destroy();

    const single = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
    const burst = messages(warmUp + count, atOnce);
    const burstStart = performance.now();
    await all(single, burst);
    const slowestOfThemMs = Math.round(performance.now() - burstStart);

    receiver.kill('SIGKILL');
    await ended;
    const inbox = openInbox(file, { now: Date.now });
    const { waiting } = await inbox.counts();
    inbox.close();
    if (waiting !== warmUp + count + atOnce) throw new Error(`${waiting} deliveries are in the inbox.`);
    return { durableDeliveriesPerSecond: Math.round(count / seconds), atOnce, slowestOfThemMs };
  } finally {
    receiver.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const file = process.argv[2];
  if (file === undefined) console.log(JSON.stringify(await benchWebhooks()));
  else {
    const inbox = openInbox(file, { now: Date.now });
    const { url } = await listenForWebhooks({ app: createWebhook({ secrets: () => [secret], inbox }), port: 0 });
    console.log(url + webhookPath);
  }
}
