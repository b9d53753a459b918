import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { DrydockError } from '../errors.ts';
import type { ReadFrontMatter } from '../task-spec/front-matter.ts';
import { checkSchema, nearest } from '../task-spec/issues.ts';
import { type ReadSpec, readSpec } from '../task-spec/parse.ts';
import { specSchema } from '../task-spec/schema.ts';
import { type Problem, toProblems } from '../task-spec/text.ts';
import { isFault, readValue } from './parameters.ts';
import type { ReadRunbook, Runbook } from './schema.ts';
import { substitute, substituteMarkdown, substituteText, type Values } from './substitute.ts';

/** Where a runbook is used. */
export interface UsePlace {
  /** Repository and branch of the spec, if the runbook does not name them. */
  repository: string;
  targetBranch: string;
  /** Task id; default: that of the runbook, else made from runbook and parameters. */
  taskId?: string;
  /** What started it, beside its parameters: the key of a firing. Another key is another task. */
  key?: string;
  /** A sentence about what started it, Markdown whose parts are escaped; it ends the instructions. */
  note?: string;
}

/** A spec that was made from a runbook. */
export interface RunbookSpec {
  taskId: string;
  /** Path below the root of the repository. */
  path: string;
  bytes: Uint8Array;
  /** Parameters after their check, with defaults. */
  parameters: Values;
  /** The spec with the lines of the runbook, for lint. */
  read: ReadSpec;
}

/**
 * Checks parameters, all at once.
 * @param given Texts of a command line, or plain values.
 * @returns The values, or the problems at the lines of the parameters' definitions.
 */
export function readParameters(
  { runbook, read }: Pick<ReadRunbook, 'read'> & { runbook: Runbook },
  given: Readonly<Record<string, unknown>>,
): { values: Values } | { problems: Problem[] } {
  const locate = (path: PropertyKey[], key?: boolean): number => read.document?.locate(path, key) ?? 0;
  const values: Record<string, Values[string]> = {};
  const faults = Object.keys(given).flatMap((name) => {
    if (Object.hasOwn(runbook.parameters, name)) return [];
    const near = nearest(name, Object.keys(runbook.parameters));
    const message = `The runbook has no parameter ${JSON.stringify(name.slice(0, 60))}.${near ? ` Did you mean "${near}"?` : ''}`;
    return [{ rule: 'unknown-parameter', message, offset: locate(['parameters'], true) }];
  });
  for (const [name, definition] of Object.entries(runbook.parameters)) {
    const offset = locate(['parameters', name], true);
    const value = Object.hasOwn(given, name) ? given[name] : definition.default;
    const checked = value === undefined ? undefined : readValue(definition, value);
    if (checked === undefined) {
      const message = `"${name}" has no value: ${definition.description}`;
      faults.push({ rule: 'missing-parameter', message, offset });
    } else if (isFault(checked)) faults.push({ rule: 'parameter', message: `"${name}" ${checked.fault}`, offset });
    else values[name] = checked;
  }
  return faults.length > 0 ? { problems: toProblems(read.text, faults) } : { values };
}

/** Makes a spec of a runbook. @throws ParametersInvalid; SpecInvalid if the values make an invalid spec. */
export function useRunbook(
  { file, read, runbook }: Pick<ReadRunbook, 'file' | 'read'> & { runbook: Runbook },
  given: Readonly<Record<string, unknown>>,
  place: UsePlace,
): RunbookSpec {
  const checked = readParameters({ read, runbook }, given);
  if ('problems' in checked) throw invalid('ParametersInvalid', file, checked.problems);
  const { spec, read: made } = readUse(file, read, runbook, checked.values, place);
  const errors = toProblems(read.text, made.faults).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw invalid('SpecInvalid', file, errors);
  const taskId = String(spec.task_id);
  const path = `.agent-tasks/${taskId}.yaml`;
  // The library writes the values, so that none can become structure.
  const text = stringify(spec, { lineWidth: 0, aliasDuplicateObjects: false });
  const bytes = new TextEncoder().encode(text);
  const written = readSpec(path, bytes);
  const { faults } = written;
  const other = toProblems(written.text, faults).filter(({ severity }) => severity === 'error');
  if (other.length > 0) throw invalid('SpecInvalid', `the spec that ${file} makes`, other);
  return { taskId, path, bytes, parameters: checked.values, read: made };
}

/** The spec of checked values, as written; its faults have the lines of the runbook. */
export function readUse(
  file: string,
  front: ReadFrontMatter<Runbook>,
  runbook: Runbook,
  values: Values,
  place: UsePlace,
): { spec: Record<string, unknown>; read: ReadSpec } {
  const { task_id: written, ...filled } = substitute(runbook.spec, values) as Record<string, unknown>;
  const guide = substituteMarkdown(runbook.guide, values);
  const heading = /^#[ \t]+(\S[^\n]{0,198})$/m.exec(runbook.guide)?.[1]?.trim();
  const title = heading === undefined ? undefined : substituteText(heading, values).slice(0, 200);
  const use = { name: runbook.runbook, version: runbook.version, digest: runbook.digest, parameters: values };
  const spec: Record<string, unknown> = {
    task_id: taskIdOf(runbook, values, written, place),
    ...(title === undefined ? {} : { title }),
    repository: place.repository,
    target_branch: place.targetBranch,
    output_branch_prefix: `agent/${runbook.runbook}`,
    constraints: [],
    ...filled,
    runbook: use,
    instructions: place.note === undefined ? guide : `${guide}\n\n${place.note}`,
  };
  const document = {
    locate: (path: readonly PropertyKey[], key?: boolean): number =>
      path[0] === 'instructions' ? front.body.start : (front.document?.locate(['spec', ...path], key) ?? 0),
    reported: () => false,
  };
  const { data, faults } = checkSchema(specSchema, document, spec);
  const read: ReadSpec = {
    file,
    text: front.text,
    faults,
    document,
    value: spec,
    taskId: String(spec.task_id),
    ...(data ? { spec: data } : {}),
  };
  return { spec, read };
}

/** The same use has the same task, so that it runs once; each firing of a trigger is a task of its own. */
function taskIdOf(runbook: Runbook, values: Values, written: unknown, place: UsePlace): unknown {
  if (place.taskId !== undefined) return place.taskId;
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const mark = createHash('sha256')
    .update(place.key ?? JSON.stringify([runbook.digest, sorted]))
    .digest('hex')
    .slice(0, 8);
  if (written === undefined) return `${runbook.runbook}-${mark}`;
  return typeof written !== 'string' || place.key === undefined ? written : `${written.slice(0, 55)}-${mark}`;
}

/** One error with every problem, each with file, line and column. */
export const invalid = (
  name: 'ParametersInvalid' | 'RunbookInvalid' | 'SpecInvalid',
  file: string,
  problems: Problem[],
) =>
  new DrydockError(name, problems.map((p) => `${file}:${p.line}:${p.column} ${p.rule}: ${p.message}`).join('\n'), {
    details: problems,
  });
