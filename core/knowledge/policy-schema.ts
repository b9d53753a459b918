import { z } from 'zod';
import * as field from '../task-spec/fields.ts';

/** The field `knowledge` of a policy: whether agents propose lessons, and what that may cost. */
export const knowledge = z.strictObject({
  learn: z
    .boolean()
    .default(false)
    .describe('Whether an agent proposes lessons after a run that people or reviewers corrected.'),
  agent: field.name.optional().describe('Profile that proposes lessons; the default profile if left out.'),
  usd_per_day: field.usd.default(5).describe('What learning may cost in one repository and day, in US dollars.'),
});
