import { z } from 'zod';
import * as field from '../task-spec/fields.ts';
import type { JsonSchemaDraft } from '../task-spec/schema.ts';

/** Folder of the lessons of a repository. */
export const lessonFolder = '.agent-tasks/knowledge/';

/** UTF-16 code units of the text of a lesson: about 250 tokens. */
export const maxLesson = 1_000;

/** Name of a lesson, which is the name of its file too. */
export const slug = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,59}$/,
    'Use 1 to 60 small letters, digits and dashes, beginning with a letter or digit.',
  );

const date = z.iso.date('Write a date such as 2026-11-30.');

/** Where a lesson comes from: a pull request, a review, a run. It is shown and never fetched. */
const link = z
  .string()
  .max(300)
  .regex(/^(?:https:\/\/[\x21-\x7e]+|[rd]-[0-9a-f]{40})$/, 'Write an https URL or the id of a run.');

/** The front matter of a lesson. The text below it is the lesson. */
export const lessonSchema = z.strictObject({
  applies_to: z
    .array(field.repositoryPath)
    .min(1)
    .max(20)
    .describe('Paths and globs. A run gets the lesson if its spec or its plan names one of them.'),
  from: z.array(link).max(20).default([]).describe('Where it was learned: https URLs and ids of runs.'),
  added: date.describe('Day on which it was added.'),
  review_by: date.describe('Day until which somebody reads it again.'),
  retired: date.optional().describe('Day from which no run gets it any more.'),
});

/** A lesson that was read and is valid. */
export interface Lesson extends z.output<typeof lessonSchema> {
  slug: string;
  text: string;
}

/** JSON Schema of the front matter of a lesson, for editors. */
export function lessonJsonSchema(target: JsonSchemaDraft = 'draft-2020-12'): object {
  return { title: 'Drydock lesson', ...z.toJSONSchema(lessonSchema, { io: 'input', target }) };
}
