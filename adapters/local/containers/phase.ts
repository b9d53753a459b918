import type { PhaseJob } from '../../../core/ports/runtime/phase-runner.ts';
import type { ImageService } from '../../../core/services/forms.ts';
import type { Engine } from './engine.ts';
import type { Image } from './images/find.ts';
import type { Known } from './probe.ts';

/** What is there once the engine was asked. */
export interface Containers {
  engine: Engine;
  gateway: Image;
  gatewayMemoryMb: number;
  known: Known;
  /** File with the filter of system calls of a sandbox. */
  seccomp: string;
}

/** A service of a phase with the image that it runs. */
export interface PhaseService extends ImageService {
  found: Image;
}

/** One phase, as its containers know it. */
export interface ContainerPhase {
  job: PhaseJob;
  /** Names of the network and the containers. */
  names: { network: string; gateway: string; sandbox: string; disk: string };
  /** What the sandbox exchanges for its secrets. */
  ticket: string;
  folder: { root: string };
  image: Image;
  services: readonly PhaseService[];
}
