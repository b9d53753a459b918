import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { PhaseEvent } from '../../../core/run/phase.ts';
import { imageServices } from '../../../core/services/forms.ts';
import type { SeenService } from '../../../core/services/logs.ts';
import { Tail } from '../../../sandbox/runner/commands/tail.ts';
import { createContainer } from './create.ts';
import { type Engine, engineChild, engineOutput, reason, succeeds } from './engine.ts';
import { pinnedImage } from './images/find.ts';
import { commonOptions, phaseLabel, serviceOptions } from './options.ts';
import { serviceName } from './owner.ts';
import type { ContainerPhase, Containers, PhaseService } from './phase.ts';

/** MiB, where neither spec nor policy say. */
const defaultMemoryMb = 1_024;
const pauseMs = 50;
/** Exit code of a process that SIGKILL ended. */
const killed = 137;

/**
 * The services of a phase and their images, which are fetched if the engine does not have them.
 * @throws ImageMissing. PolicyRefused for an image that would run as root.
 */
export async function findServices(
  engine: Engine,
  services: Parameters<typeof imageServices>[0],
): Promise<PhaseService[]> {
  const found: PhaseService[] = [];
  for (const service of imageServices(services)) {
    const image = await pinnedImage(engine, service.image);
    const user = service.user ?? image.user;
    if (/^(?:|root|0+)(?::|$)/.test(user)) {
      throw new DrydockError(
        'PolicyRefused',
        `The image ${service.image} of the service ${service.name} would run as root.`,
        { remedy: 'Name a user of the image in the policy: services: {NAME: {image: …, user: "999:999"}}.' },
      );
    }
    found.push({ ...service, found: image });
  }
  return found;
}

interface Started extends PhaseService {
  container: string;
  tail: Tail;
  /** Its exit code, if it ended by itself. */
  exitCode: number | null;
  ended: Promise<void>;
}

/** The containers of the services of a phase, in the network of its sandbox. */
export class ServiceContainers {
  readonly #containers: Containers;
  readonly #phase: ContainerPhase;
  readonly #ready = new Set<string>();
  #started: Started[] = [];
  #over = false;
  /** Removes them when this process ends, however it ends. */
  #heir: ReturnType<typeof spawn> | undefined;

  constructor(containers: Containers, phase: ContainerPhase) {
    this.#containers = containers;
    this.#phase = phase;
  }

  get names(): string[] {
    const { names, services } = this.#phase;
    return services.map(({ name }) => serviceName(names.network, name));
  }

  /** Takes the runner's word that a service is ready, which decides what its end is called, and nothing else. */
  see(event: PhaseEvent): void {
    if (event.type === 'step' && event.status === 'passed') this.#ready.add(event.name);
  }

  /** Creates them; the sandbox exists, and does not run yet. @throws ServiceFailed with what the engine said. */
  async create(): Promise<void> {
    const { engine, known, seccomp } = this.#containers;
    const { job, names, services } = this.#phase;
    if (services.length > 0) this.#heir = startHeir(engine, this.names);
    for (const service of services) {
      const limits = { ...job.spec.limits, memoryMb: service.memoryMb ?? defaultMemoryMb };
      const args = [
        ...['--label', `${phaseLabel}=${names.network}`, ...commonOptions(engine, known.start)],
        ...serviceOptions(engine, known.start, limits, seccomp, names.sandbox, service),
        service.found.id,
      ];
      await createContainer(this.#containers, this.#phase, serviceName(names.network, service.name), args).catch(
        (error: unknown) => {
          throw new DrydockError('ServiceFailed', `the service ${service.name} cannot be created: ${reason(error)}`);
        },
      );
    }
  }

  /** Starts them once the sandbox runs. @param onEnd Called for one that ends before it is ready. */
  async start(onEnd: (message: string) => void): Promise<void> {
    const { engine } = this.#containers;
    const { names, services } = this.#phase;
    if (services.length === 0) return;
    const runs = () => engineOutput(engine, ['inspect', '--format', '{{.State.Running}}', names.sandbox]);
    while (!this.#over && (await runs().catch(() => '')) !== 'true') await sleep(pauseMs);
    if (this.#over) return;
    this.#started = services.map((service) => this.#follow(service, onEnd));
  }

  #follow(service: PhaseService, onEnd: (message: string) => void): Started {
    const { engine } = this.#containers;
    const container = serviceName(this.#phase.names.network, service.name);
    const tail = new Tail();
    const child = engineChild(engine, ['start', '--attach', container]);
    child.stdin.end();
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => tail.push(chunk));
    const code = new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('close', resolve);
    });
    const started: Started = { ...service, container, tail, exitCode: null, ended: Promise.resolve() };
    started.ended = code.then((exitCode) => {
      if (this.#over) return;
      started.exitCode = exitCode;
      if (this.#ready.has(`service ${service.name}`)) return;
      const what = `ended with ${exitCode ?? 'a signal'} before it was ready`;
      const log = [killedBy(started) ?? '', tail.text().slice(-2_000)].filter(Boolean).join('\n');
      onEnd(`the service ${service.name} ${what}: ${service.image}\n${log}`.trim());
    });
    return started;
  }

  /** Ends them. @returns how they ended, and what they printed. */
  async stop(): Promise<SeenService[]> {
    this.#over = true;
    const { engine } = this.#containers;
    await Promise.all(
      this.#started.map(async ({ container, ended }) => {
        let gone = false;
        void ended.then(() => {
          gone = true;
        });
        // It may be about to start, so this is tried until its command line has ended.
        while (!gone && !(await succeeds(engine, ['kill', container]))) await sleep(pauseMs);
        await ended;
      }),
    );
    return this.#started.map((started) => ({
      name: started.name,
      exitCode: started.exitCode,
      output: started.tail.text(),
      ...defined({ reason: killedBy(started) }),
    }));
  }

  /** To be called once they are removed. */
  close(): void {
    this.#heir?.kill('SIGKILL');
  }
}

/** A container runs on without the process that started it, so another process waits for the end of this one. */
function startHeir({ program }: Engine, names: readonly string[]) {
  const remove = [program, 'rm', '--force', '--volumes', ...names];
  const heir = spawn('sh', ['-c', 'read -r _; exec "$@"', 'sh', ...remove], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    // It has a process group of its own, so that a signal to the group of the server does not end it.
    detached: true,
  });
  heir.on('error', () => undefined); // the next start removes what is left
  return heir;
}

/** Engines do not tell whether it was the kernel; nobody else kills a service while its phase runs. */
const killedBy = ({ exitCode, memoryMb = defaultMemoryMb }: Started): string | undefined =>
  exitCode === killed ? `It was killed, as the kernel does at its memory_mb, ${memoryMb}.` : undefined;
