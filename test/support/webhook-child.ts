// A process of its own that takes webhooks into an inbox, prints where it listens, and may be killed. With a file to write
// to it also works on the inbox: the id of each delivery it handled, one a line.
import { appendFileSync } from 'node:fs';
import { createWebhook } from '../../adapters/github/webhook/receiver.ts';
import { openInbox } from '../../adapters/local/webhooks/inbox.ts';
import { listenForWebhooks } from '../../cli/local/webhook-listener.ts';

const [file = '', secret = '', handled] = process.argv.slice(2);
const inbox = openInbox(file, { now: Date.now });
const app = createWebhook({
  secrets: () => [secret],
  inbox,
  onFault: (error) => {
    throw error;
  },
});
const { url } = await listenForWebhooks({
  app,
  port: 0,
  // What is asked here is whether anything is lost; a slow machine may take its time.
  headersTimeoutMs: 60_000,
  requestTimeoutMs: 60_000,
});
process.stdout.write(`${url}\n`);
if (handled !== undefined) {
  await inbox.work(async ({ id }) => appendFileSync(handled, `${id}\n`), {
    concurrency: 8,
    signal: new AbortController().signal,
  });
}
