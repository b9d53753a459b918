import { defined } from '../../../core/defined.ts';
import type { SandboxEnd } from '../../../gateway/phase/verdict.ts';
import type { OpenPhase } from '../sandbox/isolation/wall.ts';
import { watchForEnd } from '../sandbox/isolation/watch-for-end.ts';
import { createContainer, nameOptions } from './create.ts';
import { watchVolumes } from './disk.ts';
import { engineChild, reason, succeeds, wasOutOfMemory } from './engine.ts';
import { gatewayPort } from './gateway.ts';
import { commonOptions, phaseLabel, sandboxOptions } from './options.ts';
import type { ContainerPhase, Containers } from './phase.ts';
import type { ServiceContainers } from './services.ts';

/** Runs the sandbox of a phase, in its network alone, with its services, until the sandbox has ended. */
export async function runSandboxContainer(
  containers: Containers,
  phase: ContainerPhase,
  services: ServiceContainers,
  { secrets, signal, gateway }: Parameters<OpenPhase['runSandbox']>[0],
): Promise<SandboxEnd> {
  const { engine } = containers;
  const { job, names, ticket } = phase;
  const { limits } = job.spec;
  const enforcer = enforcerOf(containers);
  const address = await gateway.ready.catch(() => undefined);
  if (address === undefined || signal.aborted) {
    const failure = signal.aborted ? { name: 'Cancelled', message: 'the phase was cancelled' } : undefined;
    return { enforcer, ...defined({ failure }), lost: { name: 'SandboxLost', message: 'the gateway did not start' } };
  }
  try {
    await createSandbox(containers, phase, address);
    await services.create();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    const lost = { name: 'SandboxLost', message: `the sandbox cannot be created: ${reason(error)}` };
    return { enforcer, ...(name === 'ServiceFailed' ? { failure: { name, message } } : {}), lost };
  }
  const child = engineChild(engine, ['start', '--attach', names.sandbox]);
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
  // The container may not run yet, so this is tried until its command line has ended.
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const kill = async (): Promise<void> => {
    while (!over && !(await succeeds(engine, ['kill', names.sandbox])))
      await new Promise((done) => setTimeout(done, 100));
  };
  const ending = watchForEnd(limits.timeoutMs, signal, gateway.ended, () => void kill());
  const stopDisk = watchVolumes(containers, names, [names.sandbox, ...services.names], limits.diskMb, (message) =>
    ending.end('LimitExceeded', message),
  );
  const starting = services.start((message) => ending.end('ServiceFailed', message));
  const code = await ended;
  ending.stop();
  const seen = await services.stop();
  await starting;
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
    services: seen,
  };
}

const createSandbox = (containers: Containers, phase: ContainerPhase, address: string): Promise<void> => {
  const { engine, known, seccomp } = containers;
  const { job, names, ticket, image, services } = phase;
  const args = [
    ...['--label', `${phaseLabel}=${names.network}`, ...commonOptions(engine, known.start)],
    ...sandboxOptions(engine, known.start, job.spec.limits, seccomp),
    ...nameOptions(engine, services),
    // The values come from the engine's environment, because every user of this machine can read arguments.
    ...['--network', names.network, '--env', 'DRYDOCK_GATEWAY', '--env', 'DRYDOCK_TICKET', image.id],
  ];
  const env = { DRYDOCK_GATEWAY: `${address}:${gatewayPort}`, DRYDOCK_TICKET: ticket };
  return createContainer(containers, phase, names.sandbox, args, env);
};

/** Who holds which limit, for the evidence: `podman 4.3.1: memory cgroup1, pids cgroup1, cpu none, disk watchdog`. */
function enforcerOf({ engine, known }: Containers): string {
  const { memory, pids, cpu } = known.limits;
  const runtime = known.start.runtime === undefined ? '' : ` (${known.start.runtime})`;
  return `${engine.name}${runtime}: memory ${memory}, pids ${pids}, cpu ${cpu}, disk watchdog`;
}
