import { formatUsd } from '../../core/money/format.ts';
import { code, escapeMarkdown, oneLine } from '../../core/publish/escape.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import type { DraftFacts } from './draft.ts';
import type { LessonFacts } from './lessons.ts';
import { requestOf } from './request.ts';

/** Commit and pull request of the change that was made of an agent's answer. */
export async function publicationOf(
  deps: Deps,
  record: RunRecord,
): Promise<{ message: string; title: string; body: string; previous?: string }> {
  const facts = (await getJson(deps.artifacts, record.work.results.drafted ?? '')) as DraftFacts | LessonFacts;
  return facts.of === 'lessons' ? lessonsTexts(record, facts) : draftTexts(deps, record, facts);
}

function lessonsTexts(record: RunRecord, facts: LessonFacts) {
  const title = 'Lessons from earlier runs';
  const list = (lines: readonly string[]) =>
    lines
      .slice(0, 100)
      .map((line) => `- ${escapeMarkdown(line)}`)
      .join('\n');
  const body = [
    `Proposed by agents after runs that people or reviewers corrected; last by run ${code(record.runId)}. Each file names where it was learned. Prompts of later runs hold a lesson once it is merged, where its paths meet theirs.`,
    '## Lessons',
    list(facts.files),
    ...(facts.refused.length === 0 ? [] : ['## Left out', list(facts.refused)]),
    '## Cost',
    `${formatUsd(record.spentMicros)} for the last of them.`,
  ].join('\n\n');
  return {
    title,
    body: body.slice(0, 60_000),
    message: `${title}\n\n${trailersOf(record)}`,
    ...(facts.previous === undefined ? {} : { previous: facts.previous }),
  };
}

async function draftTexts(deps: Deps, record: RunRecord, facts: DraftFacts) {
  const asked = await requestOf(deps, record);
  const { low, expected, high } = facts.estimate;
  const link = deps.runLink(record.runId);
  const title = oneLine(`Task spec: ${facts.title}`).slice(0, 200);
  const body = [
    `Run ${code(record.runId)} drafted ${code(facts.path)} from a request of ${escapeMarkdown(record.requester)}.${link === undefined ? '' : ` [Run](${link}).`}`,
    '## The request',
    quoted(asked.text),
    '## The spec',
    `Clarity: ${facts.clarity} of 100. Estimate: ${formatUsd(expected)} (${formatUsd(low)} to ${formatUsd(high)}).${facts.parts === 0 ? '' : ` It is a campaign of ${facts.parts} parts.`}`,
    `Read the file before you merge it: it instructs an agent. Where pushes start runs, merging it starts the run, as requested by ${escapeMarkdown(record.requester)}.`,
    ...(facts.assumptions.length === 0
      ? []
      : [
          '## Marked assumptions',
          'Nobody has confirmed these. Correct the file where they are wrong.',
          facts.assumptions.map((each) => `- ${escapeMarkdown(each)}`).join('\n'),
        ]),
    ...(record.work.answers.length === 0
      ? []
      : [
          '## Questions and answers',
          ...record.work.answers.map(({ by, text }) => `${escapeMarkdown(by)}: ${escapeMarkdown(text)}`),
        ]),
    '## Cost',
    `${formatUsd(record.spentMicros)} to draft it.`,
  ].join('\n\n');
  return { message: `${title.slice(0, 72)}\n\n${trailersOf(record)}`, title, body: body.slice(0, 60_000) };
}

const trailersOf = (record: RunRecord): string =>
  `Drydock-Run: ${record.runId}\nDrydock-Requested-By: ${oneLine(record.requester)}\n`;

const quoted = (text: string): string =>
  text
    .slice(0, 4_000)
    .split('\n')
    .map((line) => `> ${escapeMarkdown(line)}`)
    .join('\n');
