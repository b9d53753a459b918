// A process of its own that owns a world's data folder, runs its task, and may be killed at a boundary that no
// earlier life was killed at: before a step, after its work and before that is recorded, or inside its wait. Prints the run as JSON when it gets there.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicy, personId } from '../../cli/config/load-policy.ts';
import { openServerProcess } from '../../cli/local/compose.ts';
import { isFinal } from '../../core/run/status.ts';
import { Engine } from '../../engine/engine.ts';
import type { GateView } from '../../pipeline/service/service.ts';
import { callOf, type Scripted, scriptedRunner } from './scripted-runner.ts';

const [folder = '', mode = 'run'] = process.argv.slice(2);
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
const late: { engine?: Engine } = {};
const open = Engine.open.bind(Engine);
Engine.open = (...given) => {
  late.engine = open(...given);
  return late.engine;
};
const parked = (): boolean =>
  late.engine?.list({ status: 'RUNNING' }).some(({ waiting }) => waiting === 'token') === true;

/** The step that was called and has not returned. */
let underWay: string | undefined;
/** This life ends in the wait that the engine is about to enter. */
let dying = false;
/** What answers a wait lets it begin first, and be hit. */
async function waiting(): Promise<void> {
  while (underWay !== undefined || dying) await sleep(1);
}
async function dieParked(inside: string): Promise<void> {
  dying = true;
  while (!parked()) await sleep(1);
  die(inside);
}

/** A task that goes every way: question, checkpoint, a red verification and its rework. */
const scripts: Record<string, Scripted> = {
  'build/1': { result: { outcome: 'question', question: { question: 'Which way?', context: '', options: [] } } },
  'build/2': { result: { outcome: 'checkpoint', checkpoint: { name: 'half', summary: 'half of it' } } },
  'verify/3': { result: { outcome: 'failed', error: { name: 'VerifyFailed', message: 'red' } } },
};

const server = await openServerProcess({
  dataDir: join(folder, 'data'),
  runner: scriptedRunner(async ({ spec }) => {
    await waiting();
    const call = callOf(spec.phaseKey, 1_000);
    appendFileSync(effects, `${spec.phaseKey} ${call.usdMicros}\n`);
    const [, phase, round] = spec.phaseKey.split('/');
    return { calls: [call], ...scripts[`${phase}/${round}`] };
  }),
  onStep(at, step, payload) {
    underWay = at === 'called' ? step : undefined;
    if (mode !== 'kill') return;
    const { round = 0, token } = payload as { round?: number; token?: string };
    const boundary = `${step} ${round} ${at}`;
    if (!seen.has(boundary)) return die(boundary);
    const inside = `${step} ${round} waiting`;
    if (token !== undefined && at === 'returned' && !seen.has(inside)) void dieParked(inside);
  },
});

const file = join(folder, 'FIX-1.yaml');
const { policy } = loadPolicy({ policy: join(folder, 'policy.yaml'), repositories: new Map() });
const { runId } = await server.service.submit({
  file: 'FIX-1.yaml',
  bytes: readFileSync(file),
  policy,
  requester: personId(policy, 'dev@example.com'),
  attempt: 1,
  dryRun: false,
});
await server.resume();

async function decide(gate: GateView): Promise<void> {
  await waiting();
  const command =
    gate.kind === 'question'
      ? { choice: 'answer' as const, text: 'That way.' }
      : { choice: 'approve' as const, text: '' };
  await server.service.vote({ gate: gate.gateId, who: 'lead', ...command });
}
for (;;) {
  const run = await server.service.run(runId);
  if (isFinal(run.status)) {
    process.stdout.write(JSON.stringify(await server.service.ended(runId)));
    break;
  }
  const gates = await server.service.gatesOf(runId);
  const open = gates.find((gate) => gate.status === 'pending' && gate.kind !== 'ci' && gate.kind !== 'slot');
  // A gate of an earlier life is decided only after this life has entered its wait.
  if (open && open.gateId === run.gate && parked()) await decide(open);
  else await sleep(10);
}
await server.close();
