import { code, escapeMarkdown } from './escape.ts';
import type { FileFact, PublishFacts } from './facts.ts';
import { folds } from './folds.ts';
import { lookAt } from './look-at.ts';
import { fileRows } from './sections.ts';
import { table, type Verdict, verdictTable } from './verdict.ts';

/** UTF-16 code units. Code hosts refuse longer bodies; a cut body says so. */
const maxBody = 60_000;
/** Lines before the first folded part: about what a reviewer sees at once. */
const maxLines = 25;
const maxLookAt = 5;
/** UTF-16 code units of what was asked and of what was done. */
const maxText = 700;

/**
 * The body of the draft pull request: what was asked and done, what tests, change and cost are, what to look at, the
 * changed files; all else is folded.
 */
export function pullRequestBody(facts: PublishFacts): string {
  const points = lookAt(facts);
  const shown = points.slice(0, maxLookAt);
  const top = [
    `> **Asked** (${escapeMarkdown(facts.requester)}, ${code(facts.taskId)}): ${cutText(facts.instructions)}`,
    '',
    `**Done**: ${cutText(doneText(facts))}`,
    '',
    ...verdictTable(verdictOfFacts(facts)).split('\n'),
    '',
    ...(points.length === 0 ? [] : ['### Look at', ...shown.map((point) => `- ${point}`)]),
    ...(points.length > shown.length ? [`- and ${points.length - shown.length} more, below`] : []),
    ...(points.length === 0 ? [] : ['']),
    '### Changed, by plan phase',
  ];
  // The head of the table has two lines; a blank line ends it.
  const room = maxLines - top.length - 3;
  const files = byPhase(facts);
  const rows = files.length <= room ? files : files.slice(0, room - 2);
  const begin = [
    ...top,
    table(['file', 'change', 'plan phase'], fileRows(rows)),
    ...(rows.length < files.length ? ['', `and ${files.length - rows.length} more, below.`] : []),
  ].join('\n');
  const folded = folds(facts, {
    asked: cutText(facts.instructions) !== escapeMarkdown(facts.instructions),
    files: rows.length < files.length ? files : [],
    points: points.length > shown.length ? points : [],
  });
  const end = footer(facts);
  const body = [begin, ...folded, ...end].join('\n\n');
  if (body.length <= maxBody) return body;
  // No part is so long that a later one has no place: an agent writes the names and texts of some.
  const around = [begin, '', ...end].join('\n\n').length + cut.length + 10;
  const share = Math.floor((maxBody - around) / folded.length);
  return cutBody([begin, ...folded.map((each) => cutFold(each, share)), ...end].join('\n\n'), end);
}

/** The cells of pull request and check. */
function verdictOfFacts(facts: PublishFacts): Verdict {
  const known = facts.files.every(({ size }) => size !== undefined);
  const lines = (side: 'added' | 'removed') =>
    known ? facts.files.reduce((sum, { size }) => sum + (size?.[side] ?? 0), 0) : undefined;
  const by = (how: string) => facts.constraints.filter(({ enforcedBy }) => enforcedBy === how).length;
  return {
    tests: facts.tests,
    change: {
      files: facts.files.length,
      added: lines('added'),
      removed: lines('removed'),
      unplanned: facts.files.filter(({ phase }) => phase === undefined).length,
    },
    constraints: { guard: by('guard'), test: by('test'), advisory: by('advisory') },
    spentMicros: facts.usdMicros,
    capMicros: facts.capMicros,
    expectedMicros: facts.expectedMicros,
  };
}

const cutText = (text: string): string =>
  escapeMarkdown(text.trim().length <= maxText ? text : `${text.trim().slice(0, maxText)} …`);

const doneText = ({ plan }: PublishFacts): string =>
  plan.summary === '' ? plan.phases.map(({ name }) => name).join('; ') : plan.summary;

/** Files that no phase names first, then in the order of the phases. */
function byPhase({ files, plan }: PublishFacts): FileFact[] {
  const order = ['', ...plan.phases.map(({ name }) => name)];
  const at = ({ phase }: FileFact) => (phase === undefined ? -1 : order.indexOf(phase));
  return files.toSorted((a, b) => at(a) - at(b));
}

/** What the last round was about, and where people go on. */
function footer({ rounds, link, commands }: PublishFacts): string[] {
  const last = rounds.at(-1);
  const parts = [
    ...(last ? [`Round ${last.round}: ${escapeMarkdown(last.by.join(', '))} asked: ${cutText(last.text)}`] : []),
    ...(link === undefined ? [] : [`[Plan, evidence and votes](${link})`]),
    ...(commands ? [code('/drydock rework TEXT')] : []),
  ];
  return parts.length === 0 ? [] : [parts.join(' · ')];
}

const cut = '(cut: the run keeps the whole text)';

const close = '\n\n</details>';

/** A fold of at most that length, cut between lines. */
function cutFold(fold: string, max: number): string {
  if (fold.length <= max) return fold;
  const tail = `\n\n${cut}${close}`;
  return `${fold.slice(0, Math.max(fold.indexOf('\n'), fold.lastIndexOf('\n', max - tail.length - 2)))}${tail}`;
}

/** Cut between lines, because each line is complete in itself, also a row of a table. An open fold is closed. */
function cutBody(body: string, end: string[]): string {
  if (body.length <= maxBody) return body;
  const tail = ['', cut, ...end].join('\n\n');
  const kept = body.slice(0, body.lastIndexOf('\n', maxBody - tail.length - close.length));
  const opened = kept.match(/^<details>/gm)?.length ?? 0;
  const closed = kept.match(/^<\/details>/gm)?.length ?? 0;
  return `${kept}${opened > closed ? close : ''}${tail}`;
}
