import { z } from 'zod';
import { proposedParts } from '../campaign/part-schema.ts';

/** How work is divided among agents, or why it is not. */
export const split = z
  .strictObject({ parts: proposedParts.optional(), reason: z.string().min(1).max(2_000).optional() })
  .refine(
    (given) => (given.parts === undefined) !== (given.reason === undefined),
    'Give parts, or the reason why the work is better done by one agent.',
  );
