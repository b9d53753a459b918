import { createServer } from 'node:net';
import { hostGateway } from '../../adapters/aws/gateway/host.ts';
import { packFolder } from '../../common/tar.ts';
import type { PhaseJob, PhaseOrder } from '../../core/ports/runtime/phase-runner.ts';
import type { ModelCall } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import { sandboxTicket } from '../../core/run/phase-grant.ts';
import { agentFilesInput } from '../../core/run/phase-order.ts';
import type { ArchiveStore } from '../../gateway/registry/archives.ts';
import { layout } from '../../sandbox/layout.ts';
import { type Image, runContainer } from './container.ts';
import { inMemory, streamOf } from './left-phase.ts';

/** Held while a container runs: each takes the port of its relay on the network of this machine, also of other processes. */
const turnPort = layout.relayPort - 1;

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = createServer();
  for (;;) {
    const taken = await new Promise<boolean>((resolve) => {
      turn.once('error', () => resolve(false));
      turn.listen(turnPort, '127.0.0.1', () => resolve(true));
    });
    turn.removeAllListeners();
    if (taken) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  try {
    return await work();
  } finally {
    await new Promise((resolve) => turn.close(resolve));
  }
}

/** Runs gateway and container as the launcher starts them, one at a time. */
export const runTasks = (...given: Parameters<typeof runNow>): ReturnType<typeof runNow> =>
  inTurn(() => runNow(...given));

async function runNow(
  job: PhaseJob,
  image: Image,
  {
    ticket = sandboxTicket('key', job.spec.phaseKey),
    killed = false,
    archives,
    registries,
    prepare = async ({ spec, inputs }: PhaseOrder) => ({ ...job, spec, inputs }),
  }: {
    ticket?: string;
    killed?: boolean;
    archives?: ArchiveStore;
    registries?: Record<string, string>;
    prepare?: (order: PhaseOrder) => Promise<PhaseJob>;
  } = {},
): Promise<{ end: PhaseEnd; said: string; calls: ModelCall[] }> {
  const { inputs: given, baseRepository: _base, model: _model, egress: _egress, agentFiles, ...facts } = job;
  // As the launcher does.
  const inputs = new Map(given);
  if (agentFiles !== undefined) inputs.set(agentFilesInput, packFolder(agentFiles));
  const spec = { ...job.spec, inputs: [...inputs.keys()] };
  const stored: PhaseEnd[] = [];
  let calls: ModelCall[] = [];
  const stop = new AbortController();
  let container: ReturnType<typeof runContainer> | undefined;
  await hostGateway({
    order: {
      ...facts,
      spec,
      base: { host: 'git', scope: { repository: 'a/b' }, location: '', commit: job.spec.base, depth: 1 },
    },
    ticket: sandboxTicket('key', job.spec.phaseKey),
    store: {
      input: async (_order, name) => streamOf(inputs.get(name)),
      remarks: async () => [],
      putCalls: async (_key, made) => {
        calls = made;
      },
      putEnd: async (ended) => void stored.push(await inMemory(ended)),
    },
    prepare,
    ...(archives ? { archives } : {}),
    ...(registries ? { registries } : {}),
    listen: { host: '127.0.0.1', port: 0 },
    signal: stop.signal,
    onListening(port) {
      container = runContainer(image, { DRYDOCK_GATEWAY: `127.0.0.1:${port}`, DRYDOCK_TICKET: ticket });
      void container.ended.then(({ code }) => stop.abort(`exit code ${code}`));
      if (killed) setTimeout(() => container?.child.kill('SIGKILL'), 1_000);
    },
  });
  const said = await container?.ended;
  const [end] = stored;
  if (stored.length !== 1 || end === undefined) throw new Error('The end of the phase was not stored once.');
  return { end, said: said?.said ?? '', calls };
}
