import { z } from 'zod';

const paths = z.array(z.string().min(1).max(500)).max(100);

/** Parts of a campaign, as an agent proposes them; the schema of specs checks them again. */
export const parts = z
  .array(
    z.strictObject({
      id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'Write small letters, digits and dashes.'),
      role: z.string().min(1).max(200),
      title: z.string().min(1).max(200),
      instructions: z.string().min(1).max(20_000),
      target_paths: paths.min(1),
      excluded_paths: paths.default([]),
      depends_on: z.array(z.string().max(40)).max(50).default([]),
      success_criteria: z.array(z.string().min(1).max(2_000)).max(20).default([]),
      agent: z.string().max(64).optional(),
      usd: z.number().positive().max(1_000_000).optional(),
    }),
  )
  .min(2)
  .max(50);

/** How work is divided among agents, or why it is not. */
export const split = z
  .strictObject({ parts: parts.optional(), reason: z.string().min(1).max(2_000).optional() })
  .refine(
    (given) => (given.parts === undefined) !== (given.reason === undefined),
    'Give parts, or the reason why the work is better done by one agent.',
  );
