import { z } from 'zod';
import { phaseResult } from './phase.ts';

/** One metered model call as it is stored. Money in micro-US-dollars. */
export const storedCall = z.strictObject({
  id: z.string(),
  provider: z.string(),
  model: z.string(),
  kind: z.string(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cachedTokens: z.number(),
  usdMicros: z.int().nonnegative(),
  state: z.enum(['settled', 'reserved']),
});

/** The end of a phase as it is stored: all of it but the bytes of its artifacts, which are listed by name. */
export const storedEnd = z.strictObject({
  phaseKey: z.string(),
  result: phaseResult.optional(),
  failure: z.strictObject({ name: z.string(), message: z.string() }).optional(),
  calls: z.array(storedCall),
  refusals: z.array(
    z.strictObject({
      target: z.string(),
      command: z.string(),
      reason: z.string(),
      allow: z.string(),
      at: z.string(),
    }),
  ),
  traffic: z.array(z.strictObject({ route: z.string(), target: z.string(), bytes: z.number() })),
  artifacts: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/)),
  enforcer: z.string(),
  agentFiles: z.string().optional(),
  ms: z.number().nonnegative(),
});
