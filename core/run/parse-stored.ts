import type { z } from 'zod';
import { DrydockError } from '../errors.ts';

/**
 * Parses a stored item with its schema.
 * @param what Names the item in the error, for example `The record of run r-…`.
 * @throws RecordUnreadable if the item does not match the schema, for example because another version wrote it.
 */
export function parseStored<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole item'))].slice(
    0,
    10,
  );
  throw new DrydockError('RecordUnreadable', `${what} does not match this version’s schema: ${fields.join(', ')}.`);
}

/** What was read, or nothing if it cannot be: one damaged item does not hide the others. */
export function readable<T>(read: () => T): [T] | [] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof DrydockError && error.name === 'RecordUnreadable') return [];
    throw error;
  }
}
