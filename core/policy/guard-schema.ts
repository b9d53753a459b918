import { z } from 'zod';
import * as field from '../task-spec/fields.ts';

/** What the guard is told about a repository's changes. */
export const guard = z.strictObject({
  allowed_secrets: z
    .array(
      z.strictObject({
        fingerprint: z.string().regex(/^[0-9a-f]{24}$/, 'Write the fingerprint that the refusal names, 24 hex digits.'),
        reason: field.line(500).describe('Why the value is no secret, for the people who review the policy.'),
      }),
    )
    .max(1_000)
    .default([])
    .describe('Values that look like secrets and are none, by the fingerprints that refusals name.'),
});
