// A process of its own that serves a repository on the test kit's GitHub until a run of it ended, and may be killed at a
// step's boundary that no earlier life was killed at (or by the kit, in the middle of a call). Prints the run as JSON.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GitHubConfig } from '../../adapters/github/api/config.ts';
import { loadPolicy } from '../../cli/config/load-policy.ts';
import { openServerProcess } from '../../cli/local/compose.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import { isFinal } from '../../core/run/status.ts';
import { goodFiles, scriptedRunner } from './scripted-runner.ts';

const [folder = ''] = process.argv.slice(2);
const { config, push } = JSON.parse(readFileSync(join(folder, 'child.json'), 'utf8')) as {
  config: GitHubConfig;
  push: Extract<HostEvent, { kind: 'push' }>;
};
const boundaries = join(folder, 'boundaries');
/** A person votes on what the pull request shows: the step that opens the gate returned, in this life or an earlier one. */
const announced = join(folder, 'announced');
const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
const seen = new Set(linesOf(boundaries));
/** The steps that speak to the host. */
const hosted = ['claim', 'publish', 'await-ci', 'review-gate', 'deliver', 'settle'];
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const server = await openServerProcess({
  dataDir: join(folder, 'data'),
  github: config,
  policy: () => loadPolicy({ policy: join(folder, 'policy.yaml'), repositories: new Map() }).policy,
  runner: scriptedRunner(({ spec }) =>
    spec.phase === 'rework' ? { files: { 'src/math.js': `${goodFiles['src/math.js']}// said\n` } } : undefined,
  ),
  onStep(at, step, payload) {
    const round = (payload as { round?: number }).round ?? 0;
    if (step === 'review-gate' && at === 'returned') appendFileSync(announced, `${round}\n`);
    const boundary = `${step} ${round} ${at}`;
    if (!hosted.includes(step) || seen.has(boundary)) return;
    appendFileSync(boundaries, `${boundary}\n`);
    process.kill(process.pid, 'SIGKILL');
  },
});
const { hooks } = server.webhooks ?? {};
if (!hooks) throw new Error('no webhooks');
await server.resume();
await hooks.handle(push);

for (;;) {
  const [run] = await server.service.list();
  if (!run) throw new Error('the push started nothing');
  if (isFinal(run.status)) {
    process.stdout.write(JSON.stringify(await server.service.ended(run.runId)));
    break;
  }
  if (run.state === 'AwaitCi' && run.commit !== null) {
    await hooks.handle({ kind: 'ci', repository: push.repository, sender: push.sender, head: run.commit });
  }
  const gate = run.gate === null ? undefined : await server.service.gate(run.gate);
  if (gate?.kind === 'review' && gate.status === 'pending' && linesOf(announced).includes(String(gate.round))) {
    const first = gate.round === 1;
    const choice = first ? ('revise' as const) : ('approve' as const);
    await server.service.vote({ gate: gate.gateId, who: 'lead', choice, text: first ? 'Say so.' : '' });
  }
  await sleep(20);
}
await server.close();
