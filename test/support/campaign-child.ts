// A process of its own that owns a world's data folder, runs a campaign, and may be killed at a boundary of the campaign or
// of a part that no earlier life was killed at: before a step, after its work and before that is recorded, or inside its
// wait. Prints the run as JSON when it gets there.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicy, personId } from '../../cli/config/load-policy.ts';
import { openServerProcess } from '../../cli/local/compose.ts';
import { isFinal } from '../../core/run/status.ts';
import { Engine } from '../../engine/engine.ts';
import { writesItsFile } from './campaign.ts';
import { callOf, scriptedRunner } from './scripted-runner.ts';

const [folder = ''] = process.argv.slice(2);
const boundaries = join(folder, 'boundaries');
const effects = join(folder, 'effects');
const lines = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
const seen = new Set(lines(boundaries));
const die = (boundary: string): void => {
  appendFileSync(boundaries, `${boundary}\n`);
  process.kill(process.pid, 'SIGKILL');
};
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The engine of the process, to see when it has parked a state on its token. */
const late: { engine?: Engine; runId?: string } = {};
const open = Engine.open.bind(Engine);
Engine.open = (...given) => {
  late.engine = open(...given);
  return late.engine;
};
const parked = (runId: string): boolean =>
  late.engine?.list({ status: 'RUNNING' }).some(({ name, waiting }) => name === runId && waiting === 'token') === true;
/** The life ends in the wait that the engine is about to enter; nothing answers it before. */
let dying = false;
async function dieParked(runId: string, inside: string): Promise<void> {
  dying = true;
  while (!parked(runId)) await sleep(1);
  die(inside);
}

const server = await openServerProcess({
  dataDir: join(folder, 'data'),
  runner: scriptedRunner(async (job) => {
    const [runId = '', phase, round] = job.spec.phaseKey.split('/');
    while (dying || !parked(runId)) await sleep(1);
    // Several parts enter their waits in one life, which ends in one of them; the later lives end in the others.
    const inside = `${runId.slice(0, 8)} ${phase} ${round} waiting`;
    if (runId !== late.runId && !seen.has(inside)) die(inside);
    const call = callOf(job.spec.phaseKey, 1_000);
    appendFileSync(effects, `${job.spec.phaseKey} ${call.usdMicros}\n`);
    return { ...writesItsFile(job), calls: [call] };
  }),
  onStep(at, step, payload) {
    const { runId, round = 0, token } = payload as { runId: string; round?: number; token?: string };
    const ofCampaign = runId === late.runId;
    // The other states of a campaign are those of every run, and have a test of their own.
    if (ofCampaign && step !== 'dispatch' && step !== 'integrate') return;
    const who = ofCampaign ? 'campaign' : runId.slice(0, 8);
    const boundary = `${who} ${step} ${round} ${at}`;
    if (!seen.has(boundary)) return die(boundary);
    const inside = `${who} ${step} ${round} waiting`;
    if (token !== undefined && at === 'returned' && !seen.has(inside)) void dieParked(runId, inside);
  },
});

const { policy } = loadPolicy({ policy: join(folder, 'policy.yaml'), repositories: new Map() });
const requester = personId(policy, 'dev@example.com');
const bytes = readFileSync(join(folder, 'FIX-1.yaml'));
const submitted = await server.service.submit({
  file: 'FIX-1.yaml',
  bytes,
  policy,
  requester,
  attempt: 1,
  dryRun: false,
});
late.runId = submitted.runId;
await server.resume();
for (;;) {
  const run = await server.service.run(submitted.runId);
  if (isFinal(run.status)) {
    process.stdout.write(JSON.stringify(await server.service.ended(submitted.runId)));
    break;
  }
  const gate = run.status === 'waiting' && run.gate !== null ? await server.service.gate(run.gate) : undefined;
  if (gate?.status === 'pending' && !dying)
    await server.service.vote({ gate: gate.gateId, who: 'lead', choice: 'approve', text: '' });
  else await sleep(5);
}
await server.close();
