import { z } from 'zod';
import { finalStatuses } from '../run/status.ts';
import { withoutKnownSecrets } from '../secrets/known-secrets.ts';
import { visible } from '../text/hidden.ts';

/** What a message is about. `stuck`: the rounds of the agent are used up, and a person says what follows. */
export const noticeKinds = [
  'plan',
  'review',
  'checkpoint',
  'question',
  'stuck',
  'delivered',
  'ended',
  'expiring',
  'budget',
  'digest',
  'test',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** UTF-16 code units of a text in a fact, and items of a list. A longer one is cut: the page has the whole. */
const maxText = 1_200;
const maxItems = 12;

const text = z.string().max(maxText + 1);
const texts = z.array(text).max(maxItems);
const count = z.int().nonnegative();
const micros = z.int();

const runFact = z.strictObject({
  runId: text,
  taskId: text,
  title: text,
  repository: text,
  team: text,
  /** Person id of the one who asked. */
  requester: text,
  attempt: count,
  /** What was asked, in a sentence. */
  asked: text,
  spentMicros: micros,
  capMicros: micros,
  link: text.exactOptional(),
});
export type RunFact = z.infer<typeof runFact>;

const gateFact = z.strictObject({
  gateId: text,
  /** What the vote is about; a channel that takes votes sends it back. */
  head: text,
  kind: z.enum(['plan', 'review', 'checkpoint', 'question']),
  /** What is asked. */
  title: text,
  openedAt: text,
  expiresAt: text,
  required: count,
  approvals: texts,
  /** Person ids whose vote would count now. */
  may: texts,
  /** Person ids who may not approve, because they asked for the run. */
  mayNot: texts,
  /** Why more than one vote is needed. */
  why: text.exactOptional(),
  /** In their order; a person answers with the number, counted from 1. */
  options: z
    .array(
      z.strictObject({
        label: text,
        suggested: z.boolean(),
        /** `text`: this option needs words of the person. */
        needs: z.literal('text').exactOptional(),
      }),
    )
    .max(maxItems),
  link: text.exactOptional(),
});

/** What there is to know; each kind has some of it. All texts may come from outside, and are data. */
const facts = z.strictObject({
  /** The plan's summary, the context of a question, the words of a checkpoint. */
  context: text.exactOptional(),
  /** What is looked at first: weakened tests, suspicious texts. */
  first: texts.exactOptional(),
  plan: z
    .strictObject({ phases: count, checkpoints: count, touches: texts, breaking: texts, risks: texts })
    .exactOptional(),
  change: z
    .strictObject({
      files: count,
      /** Lines; absent before the change is published. */
      added: count.exactOptional(),
      removed: count.exactOptional(),
      /** The lines are those of the beginning of the change. */
      partial: z.boolean().exactOptional(),
      /** Changed files that no phase of the plan names; absent without a plan. */
      unplanned: texts.exactOptional(),
    })
    .exactOptional(),
  tests: z
    .strictObject({
      ok: z.boolean(),
      total: count.nullable(),
      failed: count,
      failing: texts,
      /** Tests before the change; null if they are not known. */
      base: count.nullable(),
    })
    .exactOptional(),
  /** What an approval, or an answer, starts and costs. */
  approving: text.exactOptional(),
  end: z
    .strictObject({ status: z.enum(finalStatuses), error: text, message: text, remedy: text, by: texts })
    .exactOptional(),
  delivered: z
    .strictObject({ branch: text, commit: text, approvers: texts, url: text.exactOptional() })
    .exactOptional(),
  budget: z
    .strictObject({
      team: text,
      sprint: text,
      share: count,
      limitMicros: micros,
      spentMicros: micros,
      heldMicros: micros,
      /** Runs that hold money. */
      holders: count,
      daysLeft: count,
      /** The runs that hold most. */
      biggest: z.array(z.strictObject({ taskId: text, micros })).max(maxItems),
    })
    .exactOptional(),
  digest: z
    .strictObject({
      since: text,
      until: text,
      delivered: count,
      rejected: count,
      failed: count,
      /** Decisions that wait for the reader, the oldest first. */
      waits: z
        .array(z.strictObject({ taskId: text, title: text, openedAt: text, link: text.exactOptional() }))
        .max(maxItems),
      waiting: count,
      budgets: z.array(z.strictObject({ team: text, spentMicros: micros, limitMicros: micros })).max(maxItems),
    })
    .exactOptional(),
});
export type Facts = z.infer<typeof facts>;

/** A message to people as facts. Each channel renders it; none of them reads another source. */
export const notice = z.strictObject({
  /** Decides which messages are the same: one with a known key is not sent again. */
  key: z.string().min(1).max(400),
  kind: z.enum(noticeKinds),
  /** Person ids. */
  to: z.array(z.string().max(300)).max(500),
  /** ISO 8601. */
  at: z.string(),
  run: runFact.exactOptional(),
  gate: gateFact.exactOptional(),
  facts,
  /** Page on which people see and decide. */
  link: text.exactOptional(),
});
export type Notice = z.infer<typeof notice>;

/**
 * The notice of a draft: each text and list cut at its limit, without known secrets, hidden characters made visible. Key
 * and people are kept as they are.
 */
export function noticeOf({ key, to, ...draft }: Notice): Notice {
  return notice.parse({ key, to, ...(bounded(draft) as object) });
}

function bounded(value: unknown): unknown {
  if (typeof value === 'string')
    return cut(visible(withoutKnownSecrets(value.slice(0, 4 * maxText)).toWellFormed()), maxText);
  if (Array.isArray(value)) return value.slice(0, maxItems).map(bounded);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, bounded(each)]));
  return value;
}

/** A text of at most `max` UTF-16 code units, cut at a blank where there is one near. */
export function cut(words: string, max: number): string {
  if (words.length <= max) return words;
  const head = words.slice(0, max - 1).toWellFormed();
  const blank = head.search(/\s\S{0,40}$/);
  return `${(blank > max / 2 ? head.slice(0, blank) : head).trimEnd()}…`;
}
