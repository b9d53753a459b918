import { z } from 'zod';
import { type PhaseEvent, phaseSpec, type Refusal } from '../core/run/phase.ts';

/** What a gateway does for its phase. */
const gatewaySettings = z.strictObject({
  /** Folder that artifacts are written to, one file per name. */
  artifactsDir: z.string(),
  /** Append-only log of the metered calls; survives the gateway. */
  meterFile: z.string(),
  secrets: z.strictObject({ runner: z.string().min(32), agent: z.string().min(32) }),
  /** What a sandbox that was started without its secrets exchanges for them, once; absent where it has them already. */
  ticket: z.string().min(32).optional(),
  spec: phaseSpec,
  /** Input name to the file that holds it. */
  inputs: z.record(z.string(), z.string()),
  baseRepository: z.string(),
  /** Registry name to its base URL on the host; a name that is not here is refused. */
  registries: z.record(z.string(), z.string()),
  /** Hosts that CONNECT may reach, on port 443. */
  hosts: z.array(z.string()),
  model: z
    .strictObject({
      provider: z.string(),
      allow: z.array(z.string()),
      mode: z.enum(['live', 'replay']),
      /** File of the recorded session. */
      session: z.string().optional(),
      key: z.string().optional(),
      budgetMicros: z.int().nonnegative(),
      /** Base URL of the provider, where it is not the public one. */
      upstream: z.string().optional(),
    })
    .optional(),
  caps: z.strictObject({
    /** Bytes of one artifact, and of all together. */
    artifactBytes: z.int().positive(),
    artifactTotalBytes: z.int().positive(),
    /** Bytes fetched from registries, all together. */
    registryBytes: z.int().positive(),
  }),
});
export type GatewaySettings = z.infer<typeof gatewaySettings>;

/** What the launcher tells a gateway over its stdin, as one line of JSON. Secrets are nowhere else. */
export const gatewayConfig = gatewaySettings.extend({
  /** Path of the unix socket to listen on, at most 107 bytes. */
  socket: z.string().max(107),
});
export type GatewayConfig = z.infer<typeof gatewayConfig>;

/** What a gateway tells its launcher, NDJSON on stdout. */
export type GatewayMessage =
  | { type: 'ready' }
  | { type: 'event'; event: PhaseEvent }
  | { type: 'refusal'; refusal: Refusal }
  | { type: 'artifact'; name: string; bytes: number }
  | { type: 'traffic'; route: string; target: string; bytes: number }
  | { type: 'failure'; name: string; message: string };
