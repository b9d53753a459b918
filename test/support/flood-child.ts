// A process that serves the test kit's repository: takes signed pushes in over HTTP and works on them, until every spec of
// the flood has its run. Says where it listens, then how many runs there are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GitHubConfig } from '../../adapters/github/api/config.ts';
import { createWebhook } from '../../adapters/github/webhook/receiver.ts';
import { loadPolicy } from '../../cli/config/load-policy.ts';
import { openServerProcess } from '../../cli/local/compose.ts';
import { listenForWebhooks } from '../../cli/local/webhook-listener.ts';
import { scriptedRunner } from './scripted-runner.ts';

const [folder = ''] = process.argv.slice(2);
const { config, specs } = JSON.parse(readFileSync(join(folder, 'child.json'), 'utf8')) as {
  config: GitHubConfig;
  specs: number;
};
const { policy } = loadPolicy({ policy: join(folder, 'policy.yaml'), repositories: new Map() });
const server = await openServerProcess({
  dataDir: join(folder, 'data'),
  github: config,
  policy: () => policy,
  runner: scriptedRunner(),
});
const { webhooks } = server;
if (!webhooks) throw new Error('no webhooks');
const say = (line: string): void => void process.stdout.write(`${line}\n`);
await webhooks.importBaselines(say);
const { url, close } = await listenForWebhooks({ app: createWebhook(webhooks), port: 0 });
say(`listening ${url}`);
await server.resume();
const stop = new AbortController();
const working = webhooks.work(stop.signal, () => undefined);
for (;;) {
  const { waiting } = await webhooks.inbox.counts();
  const runs = await server.service.list(specs + 100);
  say(`runs ${runs.length} waiting ${waiting}`);
  if (waiting === 0 && runs.length >= specs) break;
  await new Promise((resolve) => setTimeout(resolve, 250));
}
await close();
stop.abort();
await working;
const runs = await server.service.list(specs + 100);
say(`done ${JSON.stringify(runs.map(({ taskId }) => taskId))}`);
await server.close();
