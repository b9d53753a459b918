import { accessSync, constants } from 'node:fs';
import { z } from 'zod';
import { defined } from '../../../core/defined.ts';
import type { SandboxEnd } from '../../../gateway/phase/verdict.ts';
import { writableInSandbox } from '../../../sandbox/layout.ts';
import type { OpenPhase } from '../sandbox/isolation/wall.ts';
import { watchForEnd } from '../sandbox/isolation/watch-for-end.ts';
import { measureHere, measuring, watchDisk } from '../sandbox/limits/disk.ts';
import { type Engine, engineChild, engineOutput } from './engine.ts';
import { gatewayPort } from './gateway.ts';
import { commonOptions, phaseLabel, sandboxOptions } from './options.ts';
import type { ContainerPhase, Containers } from './phase.ts';

/** Runs the sandbox of a phase, in its network alone, until the container has ended. */
export async function runSandboxContainer(
  containers: Containers,
  { job, names, ticket, image }: ContainerPhase,
  { secrets, signal, gateway }: Parameters<OpenPhase['runSandbox']>[0],
): Promise<SandboxEnd> {
  const { engine, known } = containers;
  const { limits } = job.spec;
  const enforcer = enforcerOf(containers);
  const address = await gateway.ready.catch(() => undefined);
  if (address === undefined || signal.aborted) {
    const failure = signal.aborted ? { name: 'Cancelled', message: 'the phase was cancelled' } : undefined;
    return { enforcer, ...defined({ failure }), lost: { name: 'SandboxLost', message: 'the gateway did not start' } };
  }
  const child = engineChild(
    engine,
    [
      ...['run', '--name', names.sandbox, '--label', `${phaseLabel}=${names.network}`],
      ...commonOptions(engine, known.start),
      ...sandboxOptions(engine, known.start, limits, containers.seccomp),
      // The values come from the engine's environment, because every user of this machine can read arguments.
      ...['--network', names.network, '--env', 'DRYDOCK_GATEWAY', '--env', 'DRYDOCK_TICKET', image.id],
    ],
    { DRYDOCK_GATEWAY: `${address}:${gatewayPort}`, DRYDOCK_TICKET: ticket },
  );
  child.stdin.end();
  child.stdout.resume();
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_000);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code));
  });
  // The container may not exist yet, so this is tried until its command line has ended.
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const kill = async (): Promise<void> => {
    while (!over && !(await succeeds(engine, ['kill', names.sandbox])))
      await new Promise((done) => setTimeout(done, 100));
  };
  const ending = watchForEnd(limits.timeoutMs, signal, gateway.ended, () => void kill());
  const stopDisk = watchVolumes(
    containers,
    names,
    limits.diskMb,
    (message) => ending.end('LimitExceeded', message),
    ended,
  );
  const code = await ended;
  ending.stop();
  const [oomKilled] = await Promise.all([wasOutOfMemory(engine, names.sandbox), stopDisk()]);
  const tail = [secrets.runner, secrets.agent, ticket]
    .reduce((text, secret) => text.replaceAll(secret, ''), output)
    .trim();
  const limit = { name: 'LimitExceeded', message: `memory_mb: the kernel ended a process at ${limits.memoryMb} MB` };
  return {
    enforcer,
    ...defined({ failure: ending.failure(), limit: oomKilled ? limit : undefined }),
    lost: {
      name: 'SandboxLost',
      message: `the sandbox ended (${code ?? 'no exit code'}) before the end of its phase. ${tail}`.trim(),
    },
    crashed: code !== 0,
  };
}

/** Who holds which limit, for the evidence: `podman 4.3.1: memory cgroup1, pids cgroup1, cpu none, disk watchdog`. */
function enforcerOf({ engine, known }: Containers): string {
  const { memory, pids, cpu } = known.limits;
  const runtime = known.start.runtime === undefined ? '' : ` (${known.start.runtime})`;
  return `${engine.name}${runtime}: memory ${memory}, pids ${pids}, cpu ${cpu}, disk watchdog`;
}

const succeeds = (engine: Engine, args: readonly string[]): Promise<boolean> =>
  engineOutput(engine, args).then(
    () => true,
    () => false,
  );

async function wasOutOfMemory(engine: Engine, container: string): Promise<boolean> {
  const said = await engineOutput(engine, ['inspect', '--format', '{{.State.OOMKilled}}', container]).catch(() => '');
  return said === 'true';
}

const mounts = z.array(z.object({ Type: z.string(), Source: z.string() }));

/** Watches the volumes of a sandbox. The function that it returns stops that, and resolves when nothing of it is left. */
function watchVolumes(
  containers: Containers,
  names: ContainerPhase['names'],
  limitMb: number,
  onHit: (message: string) => void,
  ended: Promise<unknown>,
): () => Promise<void> {
  const { engine } = containers;
  let stop: (() => void) | undefined;
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const begin = async (): Promise<void> => {
    while (!over) {
      const said = await engineOutput(engine, ['inspect', '--format', '{{json .Mounts}}', names.sandbox]).catch(
        () => '',
      );
      if (said !== '') {
        const folders = mounts
          .parse(JSON.parse(said))
          .flatMap(({ Type, Source }) => (Type === 'volume' ? [Source] : []));
        const measurer = () =>
          folders.every(isReadable) ? measureHere('/', folders, false) : measureInside(containers, names);
        // Without a volume nothing can be written.
        if (folders.length > 0) stop = watchDisk(measurer, { limitMb, onHit });
        return;
      }
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  const begun = begin().catch(() => onHit('disk_mb: the volumes of the sandbox cannot be measured'));
  return async () => {
    await begun;
    stop?.();
  };
}

function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return process.getuid?.() === 0; // another user may list a volume and not what the sandbox keeps for itself in it
  } catch {
    return false;
  }
}

/**
 * Measures the volumes of a sandbox from a container beside it, where this process cannot read them: root of the engine,
 * with the one capability to read what it does not own, without a network, and unable to write.
 * @internal for its tests
 */
export function measureInside({ engine, gateway, known }: Containers, names: ContainerPhase['names']) {
  return engineChild(engine, [
    ...['run', '--interactive', '--name', names.disk, '--label', `${phaseLabel}=${names.network}`],
    ...commonOptions(engine, known.start),
    ...['--cap-add', 'DAC_READ_SEARCH', '--user', '0:0', '--network', 'none', '--memory', '128m', '--pids-limit', '16'],
    ...['--volumes-from', `${names.sandbox}:ro`, '--entrypoint', '/bin/sh', gateway.id],
    ...['-c', `cd /; ${measuring}`, 'sh', ...writableInSandbox],
  ]);
}
