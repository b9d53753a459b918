import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const limit = z.strictObject({
  value: z.number().positive(),
  /** The size of the bucket, where requests take tokens and `value` of them are put back a second. */
  burst: z.number().positive().optional(),
  unit: z.enum(['at a time', 'a second', 'a minute', 'an hour']),
  about: z.string(),
  lift: z.string(),
  source: z.url({ protocol: /^https$/ }),
  date: z.iso.date(),
  /** Whether the number was found on the page when the file was reviewed. */
  confirmed: z.boolean(),
});
export type Limit = z.infer<typeof limit>;

const file = z.strictObject({
  region: z.string(),
  date: z.iso.date(),
  note: z.string(),
  limits: z.record(z.string(), limit),
});

/** The one reviewed file of limits. */
export const readLimits = (): Record<string, Limit> =>
  file.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'limits.json'), 'utf8'))).limits;
