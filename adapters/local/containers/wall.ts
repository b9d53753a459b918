import { mkdirSync } from 'node:fs';
import { DrydockError } from '../../../core/errors.ts';
import { defaultGatewayMb } from '../../../core/policy/sandbox.ts';
import type { PhaseEvent } from '../../../core/run/phase.ts';
import { refuseCommandServices } from '../../../core/services/forms.ts';
import type { Wall } from '../sandbox/isolation/wall.ts';
import { findEngine } from './engine.ts';
import { checkAgent, checkRuntime } from './images/contents.ts';
import { ensureImage, type ImageOptions, imageOfRuntime } from './images/ensure.ts';
import { openPhase } from './open-phase.ts';
import { sweepContainers } from './owner.ts';
import type { Containers } from './phase.ts';
import { probeEngine } from './probe.ts';
import { writeSeccompProfile } from './seccomp-profile.ts';
import { findServices } from './services.ts';

export interface ContainerOptions extends ImageOptions {
  dataDir: string;
  /** MiB of memory of a gateway. */
  gatewayMemoryMb?: number | undefined;
  /** `runsc`, `kata`: passed on to the engine. */
  runtime?: string | undefined;
  /** Refuses an image whose toolchain has another version than the spec asks for. */
  strictRuntime?: boolean | undefined;
}

/** Gateway and sandbox of a phase are containers, and the sandbox is in a network without a way out (docs/adr/0017). */
export function containerWall(options: ContainerOptions): Wall {
  let found: Containers | undefined;
  const checked = new Set<string>();
  return {
    async ready(onEvent) {
      if (options.dataDir.includes(',')) {
        throw new DrydockError('SandboxUnavailable', `The path of the data folder has a comma: ${options.dataDir}`, {
          remedy: 'Container engines cannot mount such a path. Name another folder: --data DIR.',
        });
      }
      mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
      const engine = await findEngine();
      await sweepContainers(engine);
      const gateway = await ensureImage(engine, 'gateway', options, logTo(onEvent));
      const { dataDir, runtime, gatewayMemoryMb = defaultGatewayMb } = options;
      const seccomp = writeSeccompProfile(dataDir);
      const known = await probeEngine({ engine, image: gateway.id, dataDir, runtime, seccomp });
      found = { engine, gateway, gatewayMemoryMb, known, seccomp };
    },
    async open(job, onEvent) {
      if (found === undefined) throw new DrydockError('SandboxUnavailable', 'The container engine was not asked yet.');
      refuseCommandServices(job.spec.sandbox.services);
      const image = await imageOfRuntime(found.engine, job.spec.sandbox.runtime, options, logTo(onEvent));
      await checkAgent(found, image, job.spec.agent, checked);
      if (options.strictRuntime === true) await checkRuntime(found, image, job.spec.sandbox.runtime);
      const services = await findServices(found.engine, job.spec.sandbox.services);
      return openPhase(job, found, image, services, options.dataDir);
    },
  };
}

const logTo =
  (onEvent: (event: PhaseEvent) => void) =>
  (text: string): void =>
    onEvent({ type: 'log', source: 'images', text: `${text.slice(0, 2_000)}\n` });
