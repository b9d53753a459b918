import type { AskTopic } from '../../core/ask/names.ts';
import { askPrompt, listSection } from '../../core/ask/prompt.ts';
import { planMarkdown } from '../../core/plan/markdown.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import { fence } from '../../core/prompt/fence.ts';
import { oneLine } from '../../core/publish/escape.ts';
import { remarkSection } from '../../core/remark/prompt.ts';
import type { Remark } from '../../core/remark/remark.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import type { Deps } from '../deps.ts';
import { recordSuspicions } from '../gates/suspicions.ts';
import { getJson, getText, loadChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { faultsOf } from './faults.ts';
import { requestOf } from './request.ts';

/** Files of a change that a prompt names. */
const maxNamed = 300;

/** The prompt of an ask phase. */
export async function promptOfAsk(
  deps: Deps,
  context: RunContext,
  topic: AskTopic,
  request: PhaseRequest,
  remarks: readonly Remark[],
): Promise<string> {
  const { record } = context;
  const faults = await faultsOf(deps, context, request);
  if (topic === 'review')
    return askPrompt({
      topic,
      title: `Review of the change of ${record.taskId}`,
      sections: await aboutChange(deps, context),
      faults,
    });
  const asked = await requestOf(deps, record);
  await recordSuspicions(deps, context, [{ from: 'the request', text: asked.text }, ...asked.outside]);
  const { answers } = record.work;
  return askPrompt({
    topic,
    title: titles[topic],
    sections: [
      `## The request\n${fence(asked.text, record.requester)}`,
      ...asked.outside.map(({ from, text }) => `## What belongs to it\n${fence(text, from)}`),
      ...answers.map(
        ({ by, question, text }) => `## An answer\n${fence(question, 'your questions')}\n${fence(text, by)}`,
      ),
      ...remarks.map(remarkSection),
      asked.assume || answers.length > 0
        ? '## No further questions\nNobody answers more questions. Where something is open, assume what is most likely, and list it under `assumptions`.'
        : '',
    ],
    faults,
  });
}

const titles = {
  draft: 'A task spec from a request',
  learn: 'Lessons from a run',
  split: 'The parts of a task',
} as const;

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
