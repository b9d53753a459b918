import { z } from 'zod';

/**
 * One share of a campaign as plans and tasks store it. `part-schema.ts` has the rules of its fields and of the graph, for
 * what people and agents write.
 */
export const storedPart = z.strictObject({
  id: z.string(),
  role: z.string().optional(),
  title: z.string(),
  instructions: z.string(),
  target_paths: z.array(z.string()),
  excluded_paths: z.array(z.string()),
  depends_on: z.array(z.string()),
  success_criteria: z.array(z.union([z.string(), z.strictObject({ says: z.string(), run: z.string() })])),
  agent: z.string().optional(),
  usd: z.number().optional(),
});
export type Part = z.infer<typeof storedPart>;
