import { formatUsd } from '../../core/money/format.ts';
import { code, escapeMarkdown, oneLine } from '../../core/publish/escape.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import type { DraftFacts } from './draft.ts';
import { requestOf } from './request.ts';

/** Commit and pull request of the change that was made of an agent's answer. */
export async function publicationOf(
  deps: Deps,
  record: RunRecord,
): Promise<{ message: string; title: string; body: string }> {
  const asked = await requestOf(deps, record);
  const facts = (await getJson(deps.artifacts, record.work.results.drafted ?? '')) as DraftFacts;
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
  const trailers = [
    ['Drydock-Run', record.runId],
    ['Drydock-Requested-By', record.requester],
  ].map(([name, value]) => `${name}: ${oneLine(value ?? '')}`);
  return { message: `${title.slice(0, 72)}\n\n${trailers.join('\n')}\n`, title, body: body.slice(0, 60_000) };
}

const quoted = (text: string): string =>
  text
    .slice(0, 4_000)
    .split('\n')
    .map((line) => `> ${escapeMarkdown(line)}`)
    .join('\n');
