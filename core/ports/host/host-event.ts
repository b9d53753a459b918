import { z } from 'zod';

/** GitHub accepts 65,536 characters in a comment or a review; another host may accept more. */
const maxText = 300_000;
const commit = z.string().regex(/^[0-9a-f]{40,64}$/, 'must be a commit id');
const name = z.string().min(1).max(1_000);
const number = z.string().regex(/^[1-9]\d{0,18}$/, 'must be a number');

const origin = {
  /** `OWNER/NAME` */
  repository: name,
  /** Id of the installation that the host delivers for; absent for a webhook of the repository itself. */
  installation: z.int().positive().exactOptional(),
  sender: z.object({ login: name, bot: z.boolean(), id: z.int().positive().exactOptional() }),
};

/**
 * A code-host event in provider-neutral form. The webhook receiver parses a host's payload once into this form; the
 * inboxes store it as JSON and check it with this schema when they deliver it. Unknown fields are removed.
 */
export const hostEventSchema = z.discriminatedUnion('kind', [
  /** A branch now points at `after`. `before` is absent when the branch is new. */
  z.object({ ...origin, kind: z.literal('push'), branch: name, before: commit.exactOptional(), after: commit }),
  /** A pull request was opened or got new commits. `fork`: its head is in another repository. */
  z.object({
    ...origin,
    kind: z.literal('pull-request'),
    number,
    head: commit,
    target: name,
    base: commit,
    fork: z.boolean(),
  }),
  z.object({
    ...origin,
    kind: z.literal('pull-request-closed'),
    number,
    head: commit,
    merged: z.boolean(),
    mergeCommit: commit.exactOptional(),
  }),
  /** Something about CI of this commit changed; the details are read from the host. */
  z.object({ ...origin, kind: z.literal('ci'), head: commit }),
  z.object({
    ...origin,
    kind: z.literal('review'),
    number,
    review: z.object({ id: number, head: commit, state: z.string().max(40), body: z.string().max(maxText) }),
  }),
  /** A person gave a label to an issue; nobody else is needed to have written its text. */
  z.object({
    ...origin,
    kind: z.literal('issue-labelled'),
    number,
    label: z.string().max(200),
    title: z.string().max(1_000),
    body: z.string().max(maxText),
  }),
  /** A new comment in the conversation of a pull request, or with `issue` of an issue. `at`: ISO 8601. */
  z.object({
    ...origin,
    kind: z.literal('comment'),
    number,
    issue: z.boolean().exactOptional(),
    commentId: number,
    at: z.iso.datetime({ offset: true }),
    body: z.string().max(maxText),
  }),
]);

export type HostEvent = z.infer<typeof hostEventSchema>;

/** An event without an effect, with the reason. It is logged and not queued. */
export interface IgnoredEvent {
  kind: 'nothing';
  reason: string;
}
