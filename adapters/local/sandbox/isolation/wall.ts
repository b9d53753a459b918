import type { PhaseJob } from '../../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEvent } from '../../../../core/run/phase.ts';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';
import type { GatewaySettings } from '../../../../gateway/config.ts';
import type { GatewayMessage } from '../../../../gateway/messages.ts';
import type { SandboxEnd } from '../../../../gateway/phase/verdict.ts';
import type { GatewayProcess } from '../gateway-process.ts';
import type { Runtime } from '../host/runtime.ts';

/** What the runner is told once everything is there that it may ask for. */
export interface ForRunner {
  /** Those that the gateway offers. */
  registries: string[];
  onlyUnpacks: boolean;
  keepInstall: boolean;
}

/** What gateway and runner are told. */
export interface Prepared {
  settings: GatewaySettings;
  forRunner: ForRunner;
}

/** What keeps the sandboxes of this machine apart from it. */
export interface Wall {
  /** Checks, once, that this machine can build it. @throws SandboxUnavailable, EngineMissing, ImageMissing. */
  ready(onEvent: (event: PhaseEvent) => void): Promise<void>;
  /**
   * Makes what one phase needs, in which nothing runs yet.
   * @throws RuntimeUnavailable, AgentUnavailable, ImageMissing.
   */
  open(job: PhaseJob, onEvent: (event: PhaseEvent) => void): Promise<OpenPhase>;
}

export interface OpenPhase {
  /** The job as the sandbox gets it: with the command of its agent there, and the inputs that it has no other way to get. */
  readonly job: PhaseJob;
  readonly runtime: Runtime;
  /** Folders of this machine. */
  readonly folder: { inputs: string; artifacts: string; remove(): Promise<void> };
  /** What the end of the phase says of it besides. */
  readonly evidence: Pick<PhaseEnd, 'image' | 'agentFiles'>;
  /** Fills its folders while the two programs start. @throws SandboxUnavailable for a registry that it cannot reach. */
  prepare(registries: Promise<Record<string, string>>): Promise<unknown>;
  /** Starts the gateway, which gets its settings once they are there. */
  startGateway(
    prepared: Promise<Prepared>,
    meterFile: string,
    onMessage: (message: GatewayMessage) => void,
  ): GatewayProcess;
  /** Runs the sandbox until its processes have ended. */
  runSandbox(options: {
    secrets: GatewaySettings['secrets'];
    prepared: Promise<ForRunner>;
    signal: AbortSignal;
    gateway: GatewayProcess;
  }): Promise<SandboxEnd>;
  /** Ends whatever of it is not a folder. */
  end(): Promise<void>;
}
