import type { AskTopic } from '../../core/ask/names.ts';
import { askPrompt, listSection } from '../../core/ask/prompt.ts';
import { planMarkdown } from '../../core/plan/markdown.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import { fence } from '../../core/prompt/fence.ts';
import { oneLine } from '../../core/publish/escape.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import type { Deps } from '../deps.ts';
import { getJson, getText, loadChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { faultsOf } from './faults.ts';

/** Files of a change that a prompt names. */
const maxNamed = 300;

/** The prompt of an ask phase. */
export async function promptOfAsk(
  deps: Deps,
  context: RunContext,
  topic: AskTopic,
  request: PhaseRequest,
): Promise<string> {
  const { taskId } = context.record;
  return askPrompt({
    topic,
    title: `Review of the change of ${taskId}`,
    sections: await aboutChange(deps, context),
    faults: await faultsOf(deps, context, request),
  });
}

/** What a reviewer gets: the task, the plan, and the names of the changed files. The diff is a file of its sandbox. */
async function aboutChange(deps: Deps, { record, task }: RunContext): Promise<string[]> {
  const { spec, constraints } = task;
  const { plan, changeSet, handoff } = record.work;
  const entries = changeSet ? (await loadChange(deps.artifacts, changeSet)).manifest.entries : [];
  const files = entries.slice(0, maxNamed).map(({ op, path }) => `${op === 'put' ? 'written' : 'deleted'}: ${path}`);
  const more = entries.length > maxNamed ? [`and ${entries.length - maxNamed} more`] : [];
  return [
    `## The task that the change is for\n${fence(spec.instructions, 'the spec of the task')}`,
    listSection('Constraints', [
      ...constraints.constraints.map(({ text }) => oneLine(text)),
      ...record.work.addedConstraints.map(oneLine),
      ...constraints.excludedPaths.map((path) => `Do not touch ${path}`),
    ]),
    listSection(
      'It is done when',
      spec.success_criteria.map((each) => oneLine(typeof each === 'string' ? each : each.says)),
    ),
    plan === undefined
      ? ''
      : `## Its plan\n${fence(planMarkdown(planSchema.parse(await getJson(deps.artifacts, plan))), 'the plan')}`,
    handoff === undefined
      ? ''
      : `## Notes of its author\n${fence(await getText(deps.artifacts, handoff), 'the author')}`,
    `## The change\nIt is applied to the repository. The diff is in the file that $DRYDOCK_CHANGE names; \`git status\` and \`git diff\` show it too.\n${fence([...files, ...more].join('\n'), 'names of files')}`,
  ];
}
