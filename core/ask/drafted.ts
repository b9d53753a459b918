import type { Policy } from '../policy/schema.ts';
import { stripHidden } from '../prompt/fence.ts';
import { lintRead } from '../task-spec/lint/lint.ts';
import { readSpec } from '../task-spec/parse.ts';
import type { TaskSpec } from '../task-spec/schema.ts';
import type { Answer } from './topics.ts';

type Drafted = NonNullable<Answer<'draft'>['spec']>;

/** A drafted spec is clear enough from here on (R9). */
const minClarity = 75;

/** A spec that an agent drafted, as the file of a pull request. */
export interface DraftedFile {
  path: string;
  text: string;
  spec: TaskSpec;
  clarity: number;
}

/** The name of a task from its title, and from its request so that no two are the same. */
export function taskIdOf(title: string, request: string): string {
  const words = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)
    .replace(/-$/, '');
  return words === '' ? request : `${words}-${request.slice(-8)}`;
}

/**
 * The file of a drafted spec, checked as `drydock lint` does. Where it goes is not chosen by the agent, nor who may
 * review it, what it may reach and what it may cost.
 * @returns what the agent has to correct, if it is not clean.
 */
export function draftedFile(
  drafted: Drafted,
  at: { taskId: string; repository: string; targetBranch: string },
  policy: Policy,
  taken: (path: string) => boolean,
): DraftedFile | { faults: string } {
  const { assumptions, instructions, sandbox, campaign, ...fields } = drafted;
  const { taskId, repository, targetBranch } = at;
  const path = `.agent-tasks/${taskId}.md`;
  if (taken(path)) return { faults: `The repository has ${path} already; give the spec another title.` };
  const front = {
    task_id: taskId,
    title: fields.title,
    repository,
    target_branch: targetBranch,
    output_branch_prefix: `agent/${taskId}`,
    constraints: fields.constraints,
    target_paths: fields.target_paths,
    excluded_paths: fields.excluded_paths,
    success_criteria: fields.success_criteria,
    checkpoints: fields.checkpoints,
    sandbox,
    campaign,
  };
  const lines = Object.entries(front).flatMap(([name, value]) => yamlOf(name, value));
  const body = [
    stripHidden(instructions).trim(),
    ...(assumptions.length === 0
      ? []
      : [
          '## Assumptions',
          'Nobody has confirmed these. Correct them before you merge this file.',
          assumptions.map((each) => `- ${stripHidden(each).replace(/\s+/g, ' ').trim()}`).join('\n'),
        ]),
  ];
  const text = `---\n${lines.join('\n')}\n---\n\n${body.join('\n\n')}\n`;
  const read = readSpec(path, new TextEncoder().encode(text));
  const report = lintRead(read, undefined, policy);
  const errors = report.problems.filter(({ severity }) => severity === 'error');
  const faults = errors.slice(0, 20).map(({ rule, message }) => `${rule}: ${message}`);
  if (faults.length === 0 && report.clarity < minClarity)
    faults.push(
      `clarity: The spec has ${report.clarity} of 100 points, and ${minClarity} are needed.`,
      ...report.clarityParts.flatMap(({ advice }) => (advice === undefined ? [] : [`clarity: ${advice}`])),
    );
  if (faults.length > 0 || read.spec === undefined) return { faults: faults.join('\n') };
  return { path, text, spec: read.spec, clarity: report.clarity };
}

/** A field of the front matter. JSON is YAML too, so that no text can be read as anything but a text. */
function yamlOf(name: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value))
    return value.length === 0 && name !== 'constraints'
      ? []
      : value.length === 0
        ? [`${name}: []`]
        : [`${name}:`, ...value.map((each) => `  - ${JSON.stringify(each)}`)];
  if (typeof value === 'object' && value !== null) {
    const inner = Object.entries(value).flatMap(([key, each]) =>
      each === undefined ? [] : [`  ${key}: ${JSON.stringify(each)}`],
    );
    return inner.length === 0 ? [] : [`${name}:`, ...inner];
  }
  return [`${name}: ${JSON.stringify(value)}`];
}
