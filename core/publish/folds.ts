import { formatUsd } from '../money/format.ts';
import { counted } from '../plan/stake.ts';
import { escapeMarkdown } from './escape.ts';
import type { FileFact, PublishFacts } from './facts.ts';
import {
  constraintsTable,
  fileRows,
  partsTable,
  peopleLines,
  planBlocks,
  provenanceTable,
  refusalLines,
  verifyBlocks,
} from './sections.ts';
import { table } from './verdict.ts';

/** A reviewer does not read a longer list. */
const [maxFiles, maxRefusals, maxPoints, maxReviews] = [100, 50, 100, 60];
const maxAsked = 4_000;

/** What the begin of the body had no place for. */
interface LeftOver {
  /** What was asked was cut. */
  asked: boolean;
  files: FileFact[];
  points: string[];
}

/** The parts of a pull request that are folded, most useful first. Their titles hold words of Drydock only. */
export function folds(facts: PublishFacts, rest: LeftOver): string[] {
  const { plan, parts, verify, constraints, refusals, tokens } = facts;
  const people = peopleLines(facts);
  return [
    ...(rest.asked ? [fold('All that was asked', [quoted(facts.instructions)])] : []),
    ...(rest.points.length > 0 ? [fold('All there is to look at', listed(rest.points, maxPoints))] : []),
    ...(rest.files.length > 0
      ? [
          fold(`All ${counted(rest.files.length, 'file')}`, [
            table(['file', 'change', 'plan phase'], fileRows(rest.files.slice(0, maxFiles))),
            ...(rest.files.length > maxFiles ? [`and ${rest.files.length - maxFiles} more.`] : []),
          ]),
        ]
      : []),
    fold(`Plan: ${counted(plan.phases.length, 'phase')}`, [
      ...planBlocks(facts),
      ...(parts.length > 0 ? ['## Parts', partsTable(parts)] : []),
    ]),
    ...(people.length > 0 ? [fold('What people answered, added and asked for', listed(people, maxPoints))] : []),
    ...(facts.reviews.length > 0
      ? [fold('What agents found in review', listed(facts.reviews.map(escapeMarkdown), maxReviews))]
      : []),
    fold(`Verified in a fresh sandbox: ${counted(verify.commands.length, 'command')}`, verifyBlocks(facts)),
    ...(constraints.length > 0 ? [fold('Constraints', [constraintsTable(facts)])] : []),
    ...(refusals.length > 0 ? [fold('Refused outgoing requests', listed(refusalLines(facts), maxRefusals))] : []),
    fold('Cost, rollback, provenance', [
      `${formatUsd(facts.usdMicros)} for ${tokens.input} tokens in (${tokens.cached} cached) and ${tokens.output} out, measured at the gateway.`,
      `Rollback: ${escapeMarkdown(plan.rollback === '' ? 'Revert the merge commit.' : plan.rollback)}`,
      provenanceTable(facts),
    ]),
  ];
}

const fold = (title: string, blocks: string[]): string =>
  `<details><summary>${title}</summary>\n\n${blocks.join('\n\n')}\n\n</details>`;

/** @param lines Markdown without line ends. */
const listed = (lines: readonly string[], max: number): string[] => [
  lines
    .slice(0, max)
    .map((line) => `- ${line}`)
    .join('\n'),
  ...(lines.length > max ? [`and ${lines.length - max} more.`] : []),
];

const quoted = (text: string): string =>
  text
    .slice(0, maxAsked)
    .split('\n')
    .map((line) => `> ${escapeMarkdown(line)}`)
    .join('\n');
