import { z } from 'zod';
import * as field from '../task-spec/fields.ts';
import type { ReadFrontMatter } from '../task-spec/front-matter.ts';
import type { JsonSchemaDraft } from '../task-spec/schema.ts';
import type { Problem } from '../task-spec/text.ts';
import { scheduleFault, zoneFault } from '../trigger/schedule.ts';
import { parameter } from './parameters.ts';
import { parameterName, runbookName } from './record.ts';

/** More than people have in one runbook. */
const maxParameters = 30;
const maxTriggers = 10;

/** Values for the parameters of the runbook. */
const parameters = z.record(parameterName, z.unknown()).optional().describe('Values of the parameters.');

const trigger = z.union([
  z.strictObject({
    schedule: field
      .refused(z.string().max(100), scheduleFault)
      .describe('Minute, hour, day of the month, month, day of the week, as cron has them.'),
    timezone: field.refused(z.string().max(60), zoneFault).describe('Time zone, such as Europe/Berlin.'),
    parameters,
  }),
  z.strictObject({
    push: z.strictObject({
      branches: z.array(field.branch).min(1).max(20).describe('Trusted branches; * stands for any characters.'),
      paths: z.array(field.repositoryPath).min(1).max(50).describe('The push has to change one of these.'),
    }),
    parameters,
  }),
  z.strictObject({ issue_label: field.line(50).describe('Label that a person gives to an issue.'), parameters }),
  z.strictObject({ command: z.literal(true).describe('`/drydock run NAME` in a comment.') }),
]);

/** The front matter of a runbook. The text below it is the guide, and becomes the instructions. */
export const runbookSchema = z.strictObject({
  runbook: runbookName.describe('Name, the same as that of the file.'),
  version: z.int().min(1).max(1_000_000).describe('Raised with each change; runs record it.'),
  description: field.line(300).optional().describe('What it is for, in one line.'),
  parameters: z
    .record(parameterName, parameter)
    .refine((given) => Object.keys(given).length <= maxParameters, `At most ${maxParameters} parameters are allowed.`)
    .default({}),
  spec: z
    .record(z.string(), z.unknown())
    .describe(
      'Fields of the spec, in which a name in braces behind a dollar sign stands for a parameter. The guide is the instructions; task_id, repository, target_branch, output_branch_prefix and constraints may be left out.',
    ),
  triggers: z.array(trigger).max(maxTriggers).default([]).describe('What starts a run, if the policy allows it.'),
});

/** A runbook that was read and has no error. */
export interface Runbook extends z.output<typeof runbookSchema> {
  /** The text below the front matter. */
  guide: string;
  /** Git blob id of the file. */
  digest: string;
}

/** The result of reading a runbook. */
export interface ReadRunbook {
  file: string;
  /** Present if there is no error. */
  runbook?: Runbook;
  problems: Problem[];
  /** The file as it was read, in which the faults of a use are located. */
  read: ReadFrontMatter<Runbook>;
}

/** JSON Schema of the front matter of a runbook, for editors. */
export function runbookJsonSchema(target: JsonSchemaDraft = 'draft-2020-12'): object {
  return { title: 'Drydock runbook', ...z.toJSONSchema(runbookSchema, { io: 'input', target }) };
}
