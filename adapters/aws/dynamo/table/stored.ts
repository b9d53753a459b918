import type { z } from 'zod';
import { DrydockError } from '../../../../core/errors.ts';

/**
 * Checks what a table returned against its schema.
 * @param what Names the item in the error, for example `The record of run r-…`.
 * @throws RecordUnreadable when another version wrote it in another form.
 */
export function parseStored<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole'))].slice(0, 10);
  throw new DrydockError(
    'RecordUnreadable',
    `${what} has another form than this version writes: ${fields.join(', ')}.`,
  );
}
