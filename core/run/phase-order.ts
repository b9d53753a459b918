import * as z from 'zod';
import { phaseSpec } from './phase.ts';

/** Input with the tar of the profile's files, where they are not mounted. */
export const agentFilesInput = 'agent.tar';

/** A phase order as it is stored: all of it but the bytes of its inputs. No secret is in it. */
export const storedOrder = z.strictObject({
  spec: phaseSpec,
  /** Where the base commit is, and how many commits of its history may be seen. */
  base: z.strictObject({
    host: z.enum(['git', 'github']),
    scope: z.strictObject({
      repository: z.string(),
      run: z.string().optional(),
      installation: z.int().optional(),
    }),
    location: z.string(),
    commit: z.string(),
    depth: z.int().positive(),
  }),
  /** Folder of the profile's files, as the policy names it. */
  agentFiles: z.string().optional(),
  model: z
    .strictObject({
      provider: z.string(),
      /** Globs of allowed `provider/model`. */
      allow: z.array(z.string()),
      /** What the calls of this phase may cost at most. */
      budgetMicros: z.int().nonnegative(),
    })
    .optional(),
  registries: z.array(z.string()),
  /** Hosts allowed by policy and spec. */
  hosts: z.array(z.string()),
});
export type StoredOrder = z.infer<typeof storedOrder>;
