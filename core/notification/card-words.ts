import { formatUsd } from '../money/format.ts';
import { counted } from '../plan/stake.ts';
import type { Notice, NoticeKind } from './notice.ts';
import { among, dayOf, instant } from './phrases.ts';

/** The words of a notice that depend on its kind. */
export interface CardWords {
  heading: string;
  /** Paragraphs. */
  lead: string[];
}

interface Words extends CardWords {
  subject: string;
  /** Label of the link to the page. */
  button: string;
}

/** What is asked, by kind of the gate, as a message and its reminder say it. */
const asks: Record<NonNullable<Notice['gate']>['kind'], { subject: string; heading: string; button: string }> = {
  plan: { subject: 'Plan to approve', heading: 'Approve the plan', button: 'Read the plan and decide' },
  review: { subject: 'Change to review', heading: 'Review the change', button: 'Read the change and decide' },
  checkpoint: { subject: 'Checkpoint', heading: 'Look at the work so far', button: 'Look at the work and decide' },
  question: { subject: 'Question', heading: 'Answer the question', button: 'Read and answer' },
};

const ends: Partial<Record<NonNullable<Notice['facts']['end']>['status'], string>> = {
  rejected: 'Rejected',
  cancelled: 'Cancelled',
  superseded: 'Replaced',
  'over-budget': 'Over budget',
};
/** Errors whose name is not the end that people know. */
const endsOf: Record<string, string> = { GateExpired: 'Expired without a decision', BaselineRed: 'Did not start' };

export function wordsOf(notice: Notice): Words {
  return byKind[notice.kind](notice);
}

const named = ({ run }: Notice): string => (run ? `${run.title} (${run.taskId})` : '');
const asked = ({ run, facts }: Notice): string[] => [
  ...(run && run.asked !== '' ? [`Asked: “${run.asked}”`] : []),
  ...(facts.context === undefined ? [] : [facts.context]),
];

function gateWords(notice: Notice): Words {
  const { gate, run } = notice;
  const ask = asks[gate?.kind ?? 'plan'];
  const checkpoint = gate?.kind === 'checkpoint' ? [gate.title] : [];
  return {
    subject: `${ask.subject}: ${named(notice)}`,
    heading: `${ask.heading}: ${run?.title ?? ''}`,
    lead: [...checkpoint, ...asked(notice)],
    button: ask.button,
  };
}

function questionWords(notice: Notice): Words {
  const { gate, run } = notice;
  const title = run ? [`Task: ${run.title}`] : [];
  return {
    subject: `${notice.kind === 'stuck' ? 'Stuck' : 'Question'}: ${named(notice)}`,
    heading: gate?.title ?? '',
    lead: [...title, ...asked(notice)],
    button: asks.question.button,
  };
}

const byKind: Record<NoticeKind, (notice: Notice) => Words> = {
  plan: gateWords,
  review: gateWords,
  checkpoint: gateWords,
  question: questionWords,
  stuck: questionWords,
  expiring(notice) {
    const { gate } = notice;
    const { heading, button } = asks[gate?.kind ?? 'plan'];
    return {
      subject: `Expires soon: ${named(notice)}`,
      heading: `Still waits for you: ${notice.run?.title ?? ''}`,
      lead: [
        `${heading} by ${instant(gate?.expiresAt ?? '')}. Without a decision the run ends then, and what it did is not delivered.`,
        ...(gate?.kind === 'question' ? [gate.title] : []),
        ...asked(notice),
      ],
      button,
    };
  },
  delivered(notice) {
    const { delivered } = notice.facts;
    return {
      subject: `Ready to merge: ${named(notice)}`,
      heading: `Ready to merge: ${notice.run?.title ?? ''}`,
      lead: [
        `The pull request of ${delivered?.branch ?? ''} is marked as ready, at ${(delivered?.commit ?? '').slice(0, 12)}. A person merges it; Drydock never does.`,
        ...(delivered && delivered.approvers.length > 0 ? [`Approved by ${among(delivered.approvers, 'and')}.`] : []),
        ...(delivered?.url === undefined ? [] : [`Pull request: ${delivered.url}`]),
      ],
      button: 'See the run',
    };
  },
  ended(notice) {
    const { end } = notice.facts;
    const how = endsOf[end?.error ?? ''] ?? ends[end?.status ?? 'failed'] ?? 'Failed';
    const by = end && end.by.length > 0 ? `By ${among(end.by, 'and')}: ` : '';
    return {
      subject: `${how}: ${named(notice)}`,
      heading: `${how}: ${notice.run?.title ?? ''}`,
      lead: [
        `${by}${end?.message ?? ''}`,
        ...(end?.error === undefined || end.error === '' ? [] : [`${end.error}. ${end.remedy}`.trim()]),
      ],
      button: 'See what happened',
    };
  },
  budget({ facts: { budget } }) {
    const share = `${budget?.share ?? 0} %`;
    const says = `Team ${budget?.team ?? ''} has promised ${share} of its sprint`;
    return {
      subject: says,
      heading: says,
      lead: budget
        ? [
            `${formatUsd(budget.spentMicros)} are spent and ${formatUsd(budget.heldMicros)} are held by ${counted(budget.holders, 'run')}, of ${formatUsd(budget.limitMicros)} since ${budget.sprint}. ${counted(budget.daysLeft, 'day')} left. What a run does not spend becomes free when it ends.`,
          ]
        : [],
      button: 'Open the budget',
    };
  },
  test: ({ to }) => ({
    subject: 'A test message from Drydock',
    heading: 'This channel works',
    lead: [`${to.join(', ')} asked for a test message on the page of settings.`],
    button: '',
  }),
  digest({ facts: { digest } }) {
    const counts = digest
      ? `${digest.delivered} delivered, ${digest.rejected} rejected, ${digest.failed} failed; ${digest.waiting} ${digest.waiting === 1 ? 'waits' : 'wait'} for a decision`
      : '';
    return {
      subject: `Drydock on ${dayOf(digest?.until ?? '')}: ${counts}`,
      heading: dayOf(digest?.until ?? ''),
      lead: [`Since ${instant(digest?.since ?? '')}: ${counts}.`],
      button: 'See what waits',
    };
  },
};
