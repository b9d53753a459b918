import type { ModelCall } from '../../run/phase.ts';
import type { PhaseEnd } from '../../run/phase-end.ts';
import type { PhaseOrder } from './phase-runner.ts';

/** One attempt of a phase. */
export interface PhaseAttempt {
  /** `<runId>/<phase>/<round>`. */
  phaseId: string;
  /** Counted from 1. */
  attempt: number;
}

/** Starts phases without waiting for them; their end is reported through `endPhase`. */
export interface PhaseLauncher {
  /** Idempotent per phase key. @throws SecretMissing, AgentUnavailable and similar before anything was started. */
  launch(order: PhaseOrder, phase: PhaseAttempt): Promise<void>;
  /**
   * Stops the sandbox and gateway of a phase. On one machine it resolves after the end (`Cancelled`) was reported; on
   * AWS the stop event reports it later. Stopping an unknown phase is a no-op.
   */
  stop(phase: PhaseAttempt): Promise<void>;
  isRunning(phase: PhaseAttempt): Promise<boolean>;
  /** Phase keys (`<phaseId>/<attempt>`) of everything that runs, read many at once. */
  active(): Promise<Set<string>>;
  /** The unsettled result of an attempt, or `undefined` if it is lost and the phase must be relaunched. */
  left(phase: PhaseAttempt): Promise<PhaseEnd | undefined>;
  /** Model calls of an attempt as its meter recorded them, also after its process died. */
  calls(phaseKey: string): Promise<ModelCall[]>;
}
