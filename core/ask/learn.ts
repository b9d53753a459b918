import { z } from 'zod';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'Write small letters, digits and dashes.');
const lesson = {
  slug,
  applies_to: z.array(z.string().min(1).max(500)).min(1).max(20).describe('Globs of the files that it is about.'),
  lesson: z.string().min(1).max(1_000).describe('What to do next time, and why; for people and agents.'),
};

/** Lessons that an agent proposes after a run: files that are added, replaced or removed. */
export const learn = z.strictObject({
  new: z.array(z.strictObject(lesson)).max(5).default([]),
  merged: z
    .array(
      z.strictObject({ ...lesson, replaces: z.array(slug).min(1).max(10).describe('Lessons that it stands for.') }),
    )
    .max(5)
    .default([]),
  retired: z
    .array(z.strictObject({ slug, reason: z.string().min(1).max(500) }))
    .max(10)
    .default([]),
});
