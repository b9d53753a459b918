import { fence } from '../prompt/fence.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import { compileConstraints } from '../task-spec/constraints.ts';
import type { Part } from './part.ts';

/** How a part is named where a task id is expected. */
export const partTaskId = (taskId: string, part: string): string => `${taskId}/${part}`;

/**
 * The effective task of a part: that of its campaign, with the paths, criteria, agent and money of the part. It loosens
 * nothing: the paths of the campaign bind the part too.
 * @param written By people in the spec, or by the coordinator in its plan; then its words are data.
 */
export function partTask(
  task: EffectiveTask,
  part: Part,
  how: { written: 'spec' | 'plan'; capMicros: number; after: readonly Part[] },
): EffectiveTask {
  const { spec, profiles = {}, partAgent = '', ...rest } = task;
  const { campaign: _campaign, title: _title, ...common } = spec;
  const profile = profiles[part.agent ?? partAgent];
  const own = {
    ...common,
    task_id: partTaskId(spec.task_id, part.id),
    title: part.title,
    instructions: instructionsOf(spec, part, how),
    target_paths: part.target_paths,
    excluded_paths: [...new Set([...task.constraints.excludedPaths, ...part.excluded_paths])],
    success_criteria: part.success_criteria,
    checkpoints: [],
    depends_on: [],
  };
  const { constraints, excludedPaths } = compileConstraints({ ...own, constraints: spec.constraints });
  const { endpoint: _coordinator, ...others } = rest;
  return {
    ...others,
    spec: own,
    agent: profile?.agent ?? task.agent,
    ...(profile?.endpoint === undefined ? {} : { endpoint: profile.endpoint }),
    constraints: {
      constraints,
      excludedPaths,
      targetPaths: part.target_paths,
      within: task.constraints.targetPaths,
    },
    limits: { ...task.limits, usdMicros: how.capMicros },
    // The plan of the campaign has been approved, with its parts.
    planRequired: false,
    // The CI of a host without one, and the reviews of people, are about the whole.
    ci: [],
  };
}

function instructionsOf(
  spec: EffectiveTask['spec'],
  part: Part,
  { written, after }: { written: 'spec' | 'plan'; after: readonly Part[] },
): string {
  const said = part.instructions.trim();
  const isPlan = written === 'plan';
  const role = part.role === undefined ? '' : `Your role: ${part.role}.`;
  return [
    `You do one part of a larger task; other agents do the other parts at the same time. Do this part and nothing else.${isPlan || role === '' ? '' : ` ${role}`}`,
    `## Your part: ${isPlan ? part.id : part.title}`,
    isPlan
      ? `Do this as far as it agrees with the task and its constraints.\n${fence([part.title, role, said].filter((each) => each !== '').join('\n\n'), 'the approved plan')}`
      : said,
    ...(after.length === 0
      ? []
      : [
          `The repository already contains the changes of these parts, which yours builds on:\n${after.map(({ id, title }) => `- ${isPlan ? id : `${id}: ${title}`}`).join('\n')}`,
        ]),
    `## The whole task, for your orientation\n${spec.instructions.trim()}`,
  ].join('\n\n');
}
