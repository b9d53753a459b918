import { z } from 'zod';
import { egressRules } from '../egress/rule.ts';
import { modelEndpoint } from '../models/endpoint.ts';
import { phaseSpec } from './phase.ts';

/** Name of the input that holds the profile's files as a tar, for sandboxes that cannot mount a folder. */
export const agentFilesInput = 'agent.tar';

const commitOf = {
  host: z.enum(['git', 'github']),
  scope: z.strictObject({
    repository: z.string(),
    run: z.string().optional(),
    installation: z.int().optional(),
  }),
  location: z.string(),
  commit: z.string(),
};

/** A phase order in its stored form: everything except the bytes of its inputs. It holds no secret. */
export const storedOrder = z.strictObject({
  spec: phaseSpec,
  /** Location of the base commit; `depth` is the number of commits of its history that the sandbox may read. */
  base: z.strictObject({
    ...commitOf,
    depth: z.int().positive(),
    /** Commits that the base and its submodules pin, in repositories that the policy lists. */
    submodules: z.array(z.strictObject(commitOf)).optional(),
  }),
  /** Folder of the profile's files, as the policy names it. */
  agentFiles: z.string().optional(),
  /** SHA-256 of the tar of these files, 64 hex digits, where they are stored by it and not with the inputs of the phase. */
  agentFilesDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  model: z
    .strictObject({
      provider: z.string(),
      /** Globs of allowed `provider/model`. */
      allow: z.array(z.string()),
      /** How the provider is reached; absent: as the built-in one of this name. */
      endpoint: modelEndpoint.optional(),
      /** Models that are asked in this order when the provider answers for the one before with 429 or 5xx. */
      fallbacks: z.array(z.string()).optional(),
      /** Calls of this phase, at most. */
      maxTurns: z.int().positive().optional(),
      /** Maximum cost of the calls of this phase, in micro-US-dollars. */
      budgetMicros: z.int().nonnegative(),
    })
    .optional(),
  registries: z.array(z.string()),
  /** Hosts allowed by policy and spec. */
  hosts: z.array(z.string()),
  /** Rules allowed by policy and spec, and registries of the policy. */
  egress: egressRules.optional(),
});
export type StoredOrder = z.infer<typeof storedOrder>;
