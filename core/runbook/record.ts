import { z } from 'zod';

/** Folder of the runbooks of a repository. */
export const runbookFolder = '.agent-tasks/runbooks/';

/** Name of a runbook, which is the name of its file too. */
export const runbookName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,39}$/,
    'Use 1 to 40 small letters, digits and dashes, beginning with a letter or digit.',
  );

/** Name of a parameter, as `${name}` names it. */
export const parameterName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'Use small letters, digits and underscores, beginning with a letter.');

/** A value after its check. A list is a list of paths, globs or words. */
const parameterValue = z.union([z.string().max(500), z.number(), z.boolean(), z.array(z.string().max(500)).max(50)]);
export type ParameterValue = z.output<typeof parameterValue>;

/** Which runbook a spec was made from, with what. `drydock runbook use` writes it into the spec, and the run records it. */
export const runbookUse = z.strictObject({
  name: runbookName,
  version: z.int().min(1).max(1_000_000),
  /** Git blob id of the file of the runbook. */
  digest: z.string().regex(/^[0-9a-f]{40}$/, 'Write the blob id of the runbook, 40 hex digits.'),
  parameters: z.record(parameterName, parameterValue),
});
export type RunbookUse = z.output<typeof runbookUse>;
