import { z } from 'zod';
import * as field from '../task-spec/fields.ts';

const reason = field.line(500).describe('Why, for the people who review the policy.');

/** What the guard is told about the changes of all repositories. */
export const guard = z.strictObject({
  allowed_secrets: z
    .array(
      z.strictObject({
        fingerprint: z.string().regex(/^[0-9a-f]{24}$/, 'Write the fingerprint that the refusal names, 24 hex digits.'),
        reason,
      }),
    )
    .max(1_000)
    .default([])
    .describe('Values that look like secrets and are none, by the fingerprints that refusals name.'),
  advisories: z
    .string()
    .regex(/^\/[^\0]{1,500}$/, 'Write an absolute path.')
    .optional()
    .describe(
      'Folder with vulnerabilities in the OSV format, one JSON file each. A change that adds an affected version to a lock file is refused. On one machine only.',
    ),
  allowed_advisories: z
    .array(z.strictObject({ id: field.line(100), reason }))
    .max(1_000)
    .default([])
    .describe('Vulnerabilities that do not matter, by their id.'),
  denied_licenses: z
    .array(field.line(100))
    .max(200)
    .default([])
    .describe('Licences, as a lock file writes them, with which a change may add no package.'),
});
