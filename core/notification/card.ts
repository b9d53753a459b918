import { formatUsd } from '../money/format.ts';
import { counted } from '../plan/stake.ts';
import { oneLine } from '../publish/escape.ts';
import { visible } from '../text/hidden.ts';
import { type CardWords, wordsOf } from './card-words.ts';
import { cut, type Notice } from './notice.ts';
import { approvingWords, deciders, instant } from './phrases.ts';

/**
 * A notice in words, in the order in which people need them; each channel draws it with its own means. Hidden characters
 * of outside texts are visible; escaping is the channel's.
 */
export interface Card extends CardWords {
  /** One line, at most 200 UTF-16 code units. */
  subject: string;
  /** Where, which task, and who asked. */
  over: string;
  tiles: { name: string; value: string }[];
  /** What is looked at first. */
  first: string[];
  lists: { title: string; items: string[] }[];
  options: { label: string; suggested: boolean; needs?: 'text' }[];
  /** The page on which people see and decide. */
  button?: { label: string; url: string };
  /** Who decides, until when, what follows. */
  small: string[];
  footer: string;
}

/** Why somebody gets a message, by its kind. */
const because: Partial<Record<Notice['kind'], string>> = {
  ...Object.fromEntries(
    (['plan', 'review', 'checkpoint', 'question', 'stuck', 'expiring'] as const).map((kind) => [
      kind,
      'You get this because your decision counts',
    ]),
  ),
  budget: 'You get this because the policy names you for this team',
  digest: 'You get this because the policy names you as an approver or operator',
  test: 'You asked for this message',
};

const maxSubject = 200;
const maxLine = 400;

const line = (text: string): string => cut(oneLine(text), maxLine);
const lines = (texts: readonly string[] | undefined): string[] => (texts ?? []).map(line).filter((each) => each !== '');

export function cardOf(notice: Notice): Card {
  const { run, gate, facts } = notice;
  const { subject, heading, lead, button } = wordsOf(notice);
  const url = httpUrl(notice.link);
  const where = run ? `[${run.repository}] ` : '';
  return {
    subject: cut(oneLine(`${where}${subject}`), maxSubject),
    over: run ? line(`${run.repository} · ${run.taskId} · asked by ${run.requester}`) : 'Drydock',
    heading: line(heading) || 'Drydock',
    lead: lead.map((paragraph) => visible(paragraph).trim()).filter((paragraph) => paragraph !== ''),
    tiles: tilesOf(notice).map(([name, value]) => ({ name, value: line(value) })),
    first: lines(facts.first),
    lists: listsOf(notice),
    options: (gate?.options ?? []).map(({ label, ...rest }) => ({ ...rest, label: line(label) })),
    ...(url === undefined ? {} : { button: { label: button, url } }),
    small: [
      ...(gate ? [deciders(gate), `Open until ${instant(gate.expiresAt)}. Nothing runs meanwhile.`] : []),
      ...(gate?.why === undefined ? [] : [line(gate.why)]),
      ...(facts.approving === undefined ? [] : [line(facts.approving)]),
      ...(url === undefined ? [] : [approvingWords(notice)]),
    ],
    footer: line(
      `${because[notice.kind] ?? 'You asked for this run'}${run ? ` · Run ${run.runId.slice(0, 10)}, attempt ${run.attempt}` : ''}.`,
    ),
  };
}

/** A link that a browser opens as a page. Others, such as `file:` of a local pull request, are no links. */
export function httpUrl(link: string | undefined): string | undefined {
  const url = link === undefined ? null : URL.parse(link);
  return url && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' ? url.href : undefined;
}

function tilesOf({ run, facts: { plan, change, tests, budget } }: Notice): [string, string][] {
  const tiles: [string, string][] = [];
  if (plan) {
    const stops = plan.checkpoints > 0 ? `, ${counted(plan.checkpoints, 'checkpoint')}` : '';
    tiles.push(['Phases', `${plan.phases}${stops}`], ['Touches', shortList(plan.touches) || 'nothing named']);
  }
  if (change) {
    const atLeast = change.partial ? 'at least ' : '';
    const lines =
      change.added === undefined ? '' : `, ${atLeast}+${grouped(change.added)} −${grouped(change.removed ?? 0)}`;
    tiles.push(['Change', `${counted(change.files, 'file')}${lines}`]);
    if (change.unplanned)
      tiles.push([
        'Plan',
        change.unplanned.length === 0 ? 'all planned' : `not planned: ${shortList(change.unplanned)}`,
      ]);
  }
  if (tests) tiles.push(['Tests', testWords(tests)]);
  if (budget)
    tiles.push(
      ['Spent', formatUsd(budget.spentMicros)],
      ['Held', `${formatUsd(budget.heldMicros)} by ${counted(budget.holders, 'run')}`],
      ['Free', formatUsd(Math.max(0, budget.limitMicros - budget.spentMicros - budget.heldMicros))],
    );
  if (run && !budget) tiles.push(['Cost so far', `${formatUsd(run.spentMicros)} of ${formatUsd(run.capMicros)}`]);
  return tiles;
}

function testWords({ ok, total, failed, base }: NonNullable<Notice['facts']['tests']>): string {
  if (total === null) return ok ? 'pass' : 'fail';
  const more = base === null ? '' : base === total ? ', as many as before' : `, ${base} before`;
  return `${total - failed} of ${total} pass${ok || failed > 0 ? '' : ', but the command failed'}${more}`;
}

/** `2698` → `2,698`. */
const grouped = (n: number): string => n.toLocaleString('en-US');

const maxNamed = 3;
const shortList = (names: readonly string[]): string =>
  names.length <= maxNamed
    ? names.join(', ')
    : `${names.slice(0, maxNamed).join(', ')} and ${names.length - maxNamed} more`;

function listsOf({ facts: { plan, tests, budget, digest } }: Notice): Card['lists'] {
  return [
    { title: 'Breaking', items: lines(plan?.breaking) },
    { title: 'Risks', items: lines(plan?.risks) },
    { title: 'Failing tests', items: lines(tests?.failing) },
    {
      title: 'Runs that hold most',
      items: lines(budget?.biggest.map(({ taskId, micros }) => `${taskId}: ${formatUsd(micros)}`)),
    },
    {
      title: 'Waits for you',
      items: lines(
        digest?.waits.map(({ taskId, title, openedAt }) => `${taskId}: ${title}, since ${instant(openedAt)}`),
      ),
    },
    {
      title: 'Budgets',
      items: lines(
        digest?.budgets.map(
          ({ team, spentMicros, limitMicros }) =>
            `${team}: ${formatUsd(spentMicros)} of ${formatUsd(limitMicros)} spent`,
        ),
      ),
    },
  ].filter(({ items }) => items.length > 0);
}
