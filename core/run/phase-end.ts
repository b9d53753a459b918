import { z } from 'zod';
import { modelCall, phaseResult, refusal, traffic } from './phase.ts';

/** How a phase ended, seen from outside the sandbox, without the bytes of its artifacts: these are listed by name. */
export const storedEnd = z.strictObject({
  phaseKey: z.string(),
  /** Absent when the sandbox died without a valid result. */
  result: phaseResult.exactOptional(),
  /** Why there is no result: `SandboxLost`, `PhaseTimedOut`, `LimitExceeded`, `ResultInvalid`, `Cancelled`, `BudgetExhausted`. */
  failure: z.strictObject({ name: z.string(), message: z.string() }).exactOptional(),
  calls: z.array(modelCall),
  refusals: z.array(refusal),
  /** Downloads and tunnels as the gateway counted them (R15). Model calls are in `calls`. */
  traffic: z.array(traffic),
  artifacts: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/)),
  /** Enforcer of the limits: `cgroup2`, `cgroup1`, `watchdog`, `fargate`, `none`. */
  enforcer: z.string(),
  /** SHA-256 of the tar of the profile's files that the gateway served, 64 hex digits; absent if it served none. */
  agentFiles: z.string().exactOptional(),
  ms: z.number().nonnegative(),
});
type StoredEnd = z.infer<typeof storedEnd>;

export interface PhaseEnd extends Omit<StoredEnd, 'artifacts'> {
  /** Artifacts the phase put, by name, as bytes on the launcher's side. */
  artifacts: Map<string, Uint8Array>;
  /** Digest of the image that ran, `sha256:` and 64 hex digits, if there was one. */
  image?: string;
  /** Milliseconds before anything ran inside, where a service placed the task: `place`, `pull`, `boot`. */
  timings?: Record<string, number>;
}
