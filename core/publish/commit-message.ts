import { inert, oneLine, unskipped } from './escape.ts';
import type { PublishFacts } from './facts.ts';

const maxSubject = 72;
const width = 72;
/** UTF-16 code units of a paragraph. */
const maxParagraph = 1_200;

/**
 * Subject, why, and trailers; the trailers lead from a line of code back to its spec, plan and approver. The commits of
 * one run have different subjects: a later one says the round and what was asked for.
 */
export function commitMessage(facts: PublishFacts): string {
  const last = facts.rounds.at(-1);
  const subject = last
    ? `${facts.taskId}, round ${last.round}: ${inert(last.text.slice(0, 500))}`
    : `${facts.taskId}: ${facts.title.slice(0, 500)}`;
  const why = facts.plan.summary === '' ? facts.plan.phases.map(({ name }) => name).join('; ') : facts.plan.summary;
  const phases = [...new Set(facts.files.flatMap((file) => (file.phase === undefined ? [] : [file.phase])))];
  const trailers: [string, string][] = [
    ['Drydock-Run', facts.runId],
    ['Drydock-Task', facts.taskId],
    ['Drydock-Spec', `${facts.specPath}@${facts.specBlob}`],
    ['Drydock-Base', facts.base],
    ['Drydock-Policy', facts.policyDigest],
    ['Drydock-Prompt', facts.promptVersion],
    ['Drydock-Agent', facts.agent],
    ...(facts.model === undefined ? [] : ([['Drydock-Model', facts.model]] as [string, string][])),
    ...phases.map((phase): [string, string] => ['Drydock-Plan-Phase', inert(phase)]),
    ...facts.planApprovers.map((person): [string, string] => ['Drydock-Plan-Approved-By', person]),
    ['Drydock-Requested-By', facts.requester],
  ];
  return [
    subjectOf(subject),
    ...(last ? [paragraph(`Asked by ${oneLine(last.by.join(', '))}:`, last.text)] : []),
    paragraph('Why:', why),
    `${trailers.map(([name, value]) => `${name}: ${oneLine(value)}`).join('\n')}\n`,
  ].join('\n\n');
}

const subjectOf = (text: string): string =>
  unskipped(oneLine(text))
    .slice(0, maxSubject)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();

/** A word that may begin a line: no line looks like a trailer, a comment, a divider, a header of a diff, or an order. */
const mayBegin = /^[\p{L}\p{N}(“"][^:]*$/u;

/**
 * Words of people and agents as a paragraph. It begins with ours, and no line begins with a word that git, a host or a
 * bot reads an order from.
 */
function paragraph(begin: string, text: string): string {
  const lines = [begin];
  for (const word of inert(text.slice(0, maxParagraph)).split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + 1 + word.length > width && mayBegin.test(word)) lines.push(word);
    else lines[lines.length - 1] = word === '' ? line : `${line} ${word}`;
  }
  return lines.join('\n');
}
