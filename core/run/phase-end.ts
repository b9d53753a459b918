import { z } from 'zod';
import { modelCall, phaseResult, refusal, traffic } from './phase.ts';

/** The end of a phase as observed from outside the sandbox. Artifacts are listed by name, without their bytes. */
export const storedEnd = z.strictObject({
  phaseKey: z.string(),
  /** Absent when the sandbox died without a valid result. */
  result: phaseResult.exactOptional(),
  /** `SandboxLost`, `PhaseTimedOut`, `LimitExceeded`, `ResultInvalid`, `Cancelled`, `BudgetExhausted` or `TurnsExhausted`. */
  failure: z
    .strictObject({ name: z.string(), message: z.string(), remedy: z.string().exactOptional() })
    .exactOptional(),
  calls: z.array(modelCall),
  refusals: z.array(refusal),
  /** Downloads and tunnels, counted by the gateway (R15). Model calls are in `calls`. */
  traffic: z.array(traffic),
  artifacts: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/)),
  /** Who enforced which limits, a text for people: `cgroup2`, `podman 4.3.1: memory cgroup1, …`, `fargate: …`, `none`. */
  enforcer: z.string(),
  /** SHA-256 of the tar of the profile's files that the gateway served, 64 hex digits; absent if it served none. */
  agentFiles: z.string().exactOptional(),
  ms: z.number().nonnegative(),
});
type StoredEnd = z.infer<typeof storedEnd>;

export interface PhaseEnd extends Omit<StoredEnd, 'artifacts'> {
  /** Artifacts of the phase by name. */
  artifacts: Map<string, Uint8Array>;
  /** Digest of the image that ran, `sha256:` and 64 hex digits, if there was one. */
  image?: string;
  /** Milliseconds before the runner started, if a service provisioned the task: `place`, `pull`, `boot`. */
  timings?: Record<string, number>;
}

/** The end of a phase that left nothing, for example because its sandbox never started. */
export const emptyEnd = (phaseKey: string, enforcer: string, failure: NonNullable<StoredEnd['failure']>): PhaseEnd => ({
  phaseKey,
  failure,
  calls: [],
  refusals: [],
  traffic: [],
  artifacts: new Map(),
  enforcer,
  ms: 0,
});
