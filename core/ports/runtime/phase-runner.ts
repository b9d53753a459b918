import type { GrantedRules } from '../../egress/rule.ts';
import type { Remark } from '../../remark/remark.ts';
import type { PhaseEvent, PhaseSpec } from '../../run/phase.ts';
import type { PhaseEnd } from '../../run/phase-end.ts';
import type { StoredOrder } from '../../run/phase-order.ts';
import type { ModelAccess } from './model-access.ts';

/** A phase as the pipeline orders it. It holds facts only and no secret; the runner fetches what the phase needs. */
export interface PhaseOrder extends StoredOrder {
  /** Bytes served at `GET /inputs/<name>`. */
  inputs: Map<string, Uint8Array>;
}

/** Everything needed to run one phase on this machine. Secrets are held here and never enter the sandbox. */
export interface PhaseJob {
  spec: PhaseSpec;
  /** Bytes served at `GET /inputs/<name>`. */
  inputs: Map<string, Uint8Array>;
  /** Path of a bare repository that holds only the base commit and its allowed history, with branch `base`. */
  baseRepository: string;
  /** Absolute folder mounted read-only at /agent; absent when the profile has no files. */
  agentFiles?: string;
  model?: NonNullable<StoredOrder['model']> & ModelAccess;
  registries: string[];
  /** Hosts allowed by policy and spec. */
  hosts: string[];
  /** Rules allowed by policy and spec, and registries of the policy. */
  egress?: GrantedRules;
}

interface PhaseRunOptions {
  signal: AbortSignal;
  onEvent(event: PhaseEvent): void;
  /** Names who hears what people say while the phase runs: all of it each time. */
  hear?: ((listener: (remarks: readonly Remark[]) => void) => void) | undefined;
}

/** Runs a phase in a fresh sandbox behind its own gateway. */
export interface PhaseRunner {
  /**
   * Resolves when the phase has ended and all its processes are gone; never rejects for what happens inside.
   * @throws SandboxUnavailable, RuntimeUnavailable, AgentUnavailable before anything was started.
   */
  run(job: PhaseJob, options: PhaseRunOptions): Promise<PhaseEnd>;
  /** Resolves when the folders of the phases that have ended are removed. */
  removed?(): Promise<void>;
}
